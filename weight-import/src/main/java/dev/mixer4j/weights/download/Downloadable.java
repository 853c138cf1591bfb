package dev.mixer4j.weights.download;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** A published file, as far as a download must know it. */
public interface Downloadable {

  /** In bytes; empty where no source says. */
  OptionalLong size();

  /** Whether a published hash will tell the right file from a wrong one. */
  boolean hashed();

  /** What is published of the hash, for messages, such as {@code SHA-256 01234567…}. */
  String expectedHash();

  /** A file's hash, by the algorithm of the published one, in lower-case hexadecimal. */
  String hashOf(Path file) throws IOException;

  /** Whether a file of this size and hash may be this one. True where nothing is known. */
  boolean allows(long fileSize, String fileHash);
}
