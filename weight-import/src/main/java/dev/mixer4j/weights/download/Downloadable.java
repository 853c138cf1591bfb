package dev.mixer4j.weights.download;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** A published file that can be downloaded and checked against its published size and hash. */
public interface Downloadable {

  /** {@return the size in bytes; empty if unknown} */
  OptionalLong size();

  /** {@return whether a hash, or a part of it, is published} */
  boolean hashed();

  /** {@return the published hash or its known part, such as {@code SHA-256 01234567…}} */
  String expectedHash();

  /**
   * {@return a file's hash, by the algorithm of the published one, in lower-case hexadecimal}
   *
   * @param file any file
   * @throws IOException if it cannot be read
   */
  String hashOf(Path file) throws IOException;

  /**
   * {@return whether a file of this size and hash may be this one} True where nothing is known.
   *
   * @param fileSize in bytes
   * @param fileHash as {@link #hashOf} gives it
   */
  boolean allows(long fileSize, String fileHash);

  /**
   * {@return what shows that a file is something else, in words; empty if nothing does} Asked where
   * no hash is published.
   *
   * @param file any file
   * @throws IOException if it cannot be read
   */
  default Optional<String> problem(Path file) throws IOException {
    return Optional.empty();
  }
}
