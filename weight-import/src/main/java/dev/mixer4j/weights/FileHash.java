package dev.mixer4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The SHA-256 hash of a checkpoint's files. Published checkpoints are recognized by it.
 *
 * <pre>{@code
 * String hash = FileHash.sha256(List.of(Path.of("mixer.npz")));
 * }</pre>
 */
public final class FileHash {

  private FileHash() {}

  /**
   * {@return the SHA-256 of a checkpoint, 64 hexadecimal digits}
   *
   * @param files of the checkpoint, hashed one after the other
   * @throws IOException if one cannot be read
   */
  public static String sha256(List<Path> files) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] chunk = new byte[1 << 16]; // larger than transferTo's: faster
      for (Path file : files) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            digest.update(chunk, 0, n);
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
