package dev.mixer4j.weights.format;

import dev.mixer4j.core.MixerException;

/**
 * The base class of exceptions for weight files that cannot be used. The message names the file,
 * the tensor, what was expected, what was found and what to do.
 *
 * <p>{@link MalformedFileException} means that the file is damaged, {@link
 * UnsupportedFileException} that this library cannot read it, and {@link MismatchException} that
 * its tensors do not fit.
 */
public sealed class WeightsException extends MixerException
    permits MalformedFileException, UnsupportedFileException, MismatchException {

  private static final long serialVersionUID = 1L;

  WeightsException(String message, Throwable cause) {
    super(message, cause);
  }
}
