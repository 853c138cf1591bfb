package dev.mixer4j.weights.format;

import dev.mixer4j.core.MixerException;

/**
 * A weights file that cannot be used. The message names the file, the tensor, what was expected,
 * what was found and what to do.
 */
public sealed class WeightsException extends MixerException
    permits MalformedFileException, UnsupportedFileException, MismatchException {

  private static final long serialVersionUID = 1L;

  WeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
