package dev.mixer4j.weights.format;

/** An error for a valid file whose content this library does not read, or must not. */
public final class UnsupportedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * An error without a cause.
   *
   * @param message for a person
   */
  public UnsupportedFileException(String message) {
    super(message, null);
  }

  /**
   * An error with a cause.
   *
   * @param message for a person
   * @param cause for a developer
   */
  public UnsupportedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
