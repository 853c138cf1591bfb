package dev.mixer4j.core;

/**
 * Something from outside that cannot be used: a file, a data set, an image. The message is for a
 * person: what was expected, what was found, what to do. {@link MixerFileException} is for files
 * that are not there or cannot be read; the other modules have more for what is in them.
 */
public class MixerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes one with a message alone.
   *
   * @param message what is wrong, for a person
   */
  public MixerException(String message) {
    super(message);
  }

  /**
   * Makes one with what another library said.
   *
   * @param message what is wrong, for a person
   * @param cause what the other library threw
   */
  public MixerException(String message, Throwable cause) {
    super(message, cause);
  }
}
