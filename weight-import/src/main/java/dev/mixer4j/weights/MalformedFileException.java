package dev.mixer4j.weights;

/** A file that breaks the rules of its own format: damaged, cut off, or made to harm. */
public final class MalformedFileException extends WeightsException {

  private static final long serialVersionUID = 1L;

  MalformedFileException(String message) {
    super(message, null);
  }

  MalformedFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
