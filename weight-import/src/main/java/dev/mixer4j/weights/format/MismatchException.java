package dev.mixer4j.weights.format;

/**
 * An error for tensors that make up no network that is known: missing, left over, or of another
 * shape.
 */
public final class MismatchException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * An error without a cause.
   *
   * @param message for a person
   */
  public MismatchException(String message) {
    super(message, null);
  }

  /**
   * An error with a cause.
   *
   * @param message for a person
   * @param cause for a developer
   */
  public MismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
