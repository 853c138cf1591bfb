package dev.mixer4j.weights.format;

import dev.mixer4j.core.MixerException;

/**
 * An error for a weights file that cannot be used. The message is for a person: the file, the
 * tensor, what was expected, what was found, what to do.
 */
public sealed class WeightsException extends MixerException
    permits MalformedFileException, UnsupportedFileException, MismatchException {

  private static final long serialVersionUID = 1L;

  WeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
