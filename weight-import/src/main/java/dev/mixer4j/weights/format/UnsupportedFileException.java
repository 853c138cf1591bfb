package dev.mixer4j.weights.format;

/** A valid file with content that this library does not read, or refuses to. */
public final class UnsupportedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  public UnsupportedFileException(String message) {
    super(message, null);
  }

  public UnsupportedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
