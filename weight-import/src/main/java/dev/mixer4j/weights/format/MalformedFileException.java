package dev.mixer4j.weights.format;

/** An exception for a file that violates the rules of its format: damaged, truncated or hostile. */
public final class MalformedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   */
  public MalformedFileException(String message) {
    super(message, null);
  }

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   * @param cause the exception with the details
   */
  public MalformedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
