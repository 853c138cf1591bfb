package dev.mixer4j.weights.format.elements;

import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Keeps readers away from pipes, which may never end, and from devices. */
public final class RegularFile {

  private RegularFile() {}

  /**
   * {@return the bytes of a small file}
   *
   * @param most a file of more is refused unread
   * @throws UnsupportedFileException if it has more, or is no file
   */
  public static byte[] read(Path path, long most) throws IOException {
    if (Files.size(check(path)) > most) {
      throw new UnsupportedFileException(
          "%s: expected at most %d bytes, found %d".formatted(path, most, Files.size(path)));
    }
    return Files.readAllBytes(path);
  }

  /**
   * {@return the path, if there is nothing or a regular file, or a link to one}
   *
   * @throws UnsupportedFileException for anything else
   */
  public static Path check(Path path) {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new UnsupportedFileException(
          path
              + ": expected a file, found "
              + (Files.isDirectory(path) ? "a folder" : "a pipe, a device or something like it"));
    }
    return path;
  }
}
