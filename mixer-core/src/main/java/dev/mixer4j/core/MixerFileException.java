package dev.mixer4j.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * An exception for a file that is missing or cannot be read or written. The cause is the system's
 * exception.
 */
public final class MixerFileException extends MixerException {

  private static final long serialVersionUID = 1L;

  /**
   * Derives the message from the cause.
   *
   * @param path the file, or a folder or prefix of several files
   * @param cause may name the file
   */
  public MixerFileException(Path path, IOException cause) {
    super(message(path, cause), cause);
  }

  private static String message(Path path, IOException cause) {
    if (cause instanceof NoSuchFileException missing && missing.getReason() == null) {
      return missing.getFile() + ": no such file";
    }
    if (cause instanceof AccessDeniedException denied && denied.getReason() == null) {
      return denied.getFile() + ": permission denied";
    }
    if (cause instanceof FileAlreadyExistsException there && there.getReason() == null) {
      return there.getFile() + ": it is there already";
    }
    if (cause instanceof FileSystemException && cause.getMessage() != null) {
      return cause.getMessage(); // it starts with the file
    }
    return path + ": " + (cause.getMessage() == null ? cause : cause.getMessage());
  }
}
