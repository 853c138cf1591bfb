package dev.mixer4j.weights.format;

/** An exception for tensors that do not fit a network: missing, left over, or of another shape. */
public final class MismatchException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   */
  public MismatchException(String message) {
    super(message, null);
  }

  /**
   * Reports a problem.
   *
   * @param message file, tensor, what was expected and found
   * @param cause the exception with the details
   */
  public MismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
