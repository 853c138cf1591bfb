package dev.mixer4j.weights;

/** A sound file that holds something this library does not read, or must not. */
public final class UnsupportedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  UnsupportedFileException(String message) {
    super(message, null);
  }

  UnsupportedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
