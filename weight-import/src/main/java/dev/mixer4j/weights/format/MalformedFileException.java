package dev.mixer4j.weights.format;

/** An error for a file that breaks the rules of its format: damaged, cut off, or made to harm. */
public final class MalformedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  /**
   * An error without a cause.
   *
   * @param message for a person
   */
  public MalformedFileException(String message) {
    super(message, null);
  }

  /**
   * An error with a cause.
   *
   * @param message for a person
   * @param cause for a developer
   */
  public MalformedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
