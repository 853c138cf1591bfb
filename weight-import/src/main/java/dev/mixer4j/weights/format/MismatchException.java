package dev.mixer4j.weights.format;

/**
 * An error for tensors that make up no network that is known: missing, left over, or of another
 * shape.
 */
public final class MismatchException extends WeightsException {

  private static final long serialVersionUID = 1L;

  public MismatchException(String message) {
    super(message, null);
  }

  public MismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
