package dev.mixer4j.weights.format;

/** An exception for a valid file with content that this library cannot read or refuses to read. */
public final class UnsupportedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   */
  public UnsupportedFileException(String message) {
    super(message, null);
  }

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   * @param cause the exception with the details
   */
  public UnsupportedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
