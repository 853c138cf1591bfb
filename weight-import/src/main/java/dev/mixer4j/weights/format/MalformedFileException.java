package dev.mixer4j.weights.format;

/** A file that breaks the rules of its format: damaged, truncated or hostile. */
public final class MalformedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  public MalformedFileException(String message) {
    super(message, null);
  }

  public MalformedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
