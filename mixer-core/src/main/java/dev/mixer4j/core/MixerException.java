package dev.mixer4j.core;

/**
 * An error in something from outside: a file, a data set, an image, a device. The message is for
 * users: what was expected, what was found, what to do. {@link MixerFileException} is for files
 * that are missing or cannot be read; the other modules have more for the content of files.
 */
public class MixerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception without a cause.
   *
   * @param message what is wrong, for users
   */
  public MixerException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, for users
   * @param cause the exception of another library
   */
  public MixerException(String message, Throwable cause) {
    super(message, cause);
  }
}
