package dev.mixer4j.weights.format;

/** A sound file that holds something this library does not read, or must not. */
public final class UnsupportedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  public UnsupportedFileException(String message) {
    super(message, null);
  }

  public UnsupportedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
