package dev.mixer4j.core;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file that is not there or cannot be read; the cause is what the system said. */
public final class MixerFileException extends MixerException {

  private static final long serialVersionUID = 1L;

  MixerFileException(Path path, IOException cause) {
    super(path + ": " + problem(cause), cause);
  }

  private static String problem(IOException cause) {
    if (cause instanceof NoSuchFileException || cause instanceof FileNotFoundException) {
      return "no such file";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
