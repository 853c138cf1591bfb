package dev.mixer4j.weights.published;

import dev.mixer4j.weights.FileHash;
import dev.mixer4j.weights.download.Downloadable;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.elements.FileKind;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A file of a published checkpoint.
 *
 * @param format what the file is
 * @param url the publisher's URL of the file
 * @param size in bytes; empty if not published
 * @param sha256 its hash in lower-case hexadecimal, or the hash's first digits, at least eight;
 *     empty if not published
 */
public record PublishedFile(Format format, URI url, OptionalLong size, Optional<String> sha256)
    implements Downloadable {

  private static final int SHA256_DIGITS = 64;

  /** Far less than the smallest network that is published, and more than most pages of errors. */
  private static final long LEAST_BYTES = 10_000;

  /**
   * Checks the hash's form, since a wrong one would let any file pass or none.
   *
   * @param format that the file has
   * @param url has a path, whose last part is the {@link #fileName()}
   * @param size in bytes, or empty
   * @param sha256 8 to 64 digits in lower case, or empty
   * @throws IllegalArgumentException if the hash has another form
   */
  public PublishedFile {
    sha256.ifPresent(
        digits -> {
          if (!digits.matches("[0-9a-f]{8,64}")) {
            throw new IllegalArgumentException(
                url + ": expected 8 to 64 hexadecimal digits, found '" + digits + "'");
          }
        });
  }

  /** {@return the last part of the URL's path} */
  public String fileName() {
    return url.getPath().substring(url.getPath().lastIndexOf('/') + 1);
  }

  /** {@return whether {@link #sha256()} is the whole hash, not its start or nothing} */
  public boolean hasWholeHash() {
    return sha256.isPresent() && sha256.get().length() == SHA256_DIGITS;
  }

  @Override
  public boolean hashed() {
    return sha256.isPresent();
  }

  @Override
  public String expectedHash() {
    return "SHA-256 " + sha256.orElse("") + (hasWholeHash() ? "" : "…");
  }

  @Override
  public String hashOf(Path file) throws IOException {
    return FileHash.sha256(List.of(file));
  }

  /** A server may send its own page, or nothing, with status 200. */
  @Override
  public Optional<String> problem(Path file) throws IOException {
    if (hashed()) {
      return Optional.empty();
    }
    byte[] start;
    try (InputStream in = Files.newInputStream(file)) {
      start = in.readNBytes(FileKind.BYTES);
    }
    Optional<String> kind = FileKind.of(start);
    if (kind.isPresent()) {
      return Optional.of("expected " + format + ", found " + kind.get());
    }
    if (Files.size(file) < LEAST_BYTES) {
      return Optional.of(
          "expected %s of %d bytes or more, found %d"
              .formatted(format, LEAST_BYTES, Files.size(file)));
    }
    return starts(start)
        ? Optional.empty()
        : Optional.of("expected " + format + ", found something else");
  }

  private boolean starts(byte[] start) {
    return switch (format) {
      case NPZ -> FileKind.isZip(start);
      case PTH -> FileKind.isZip(start) || start[0] == (byte) 0x80; // the older stream is a pickle
      case SAFETENSORS -> start[8] == '{';
      case H5, KERAS -> FileKind.isZip(start) || FileKind.isHdf5(start);
      default -> true;
    };
  }

  @Override
  public boolean allows(long fileSize, String fileSha256) {
    return (size.isEmpty() || size.getAsLong() == fileSize)
        && (sha256.isEmpty() || fileSha256.startsWith(sha256.get()));
  }
}
