package dev.mixer4j.weights.format;

/** Tensors that do not fit the network: missing, left over, or of another shape. */
public final class MismatchException extends WeightsException {

  private static final long serialVersionUID = 1L;

  public MismatchException(String message) {
    super(message, null);
  }

  public MismatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
