package dev.mixer4j.core;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that is not there, or cannot be read or written; the cause is what the system said. */
public final class MixerFileException extends MixerException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes the message from the cause.
   *
   * @param path what was worked at; may be several files
   * @param cause may know which of them it is
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
