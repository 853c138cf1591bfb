package dev.mixer4j.weights.download;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The facts about a published file that a download needs. */
public interface Downloadable {

  /** {@return the size in bytes; empty where no source says} */
  OptionalLong size();

  /** {@return whether a published hash will tell the right file from a wrong one} */
  boolean hashed();

  /** {@return what is published of the hash, for messages, such as {@code SHA-256 01234567…}} */
  String expectedHash();

  /**
   * {@return a file's hash, by the algorithm of the published one, in lower-case hexadecimal}
   *
   * @param file of whatever name
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
}
