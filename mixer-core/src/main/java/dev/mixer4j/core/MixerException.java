package dev.mixer4j.core;

/**
 * The base class of exceptions about input from outside: a file, a data set, an image or a device.
 * The message is for users: what was expected, what was found and what to do.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(path)) {
 *   List<Prediction> top = classifier.classify(ImageFile.read(photo), 5);
 * } catch (MixerException e) {
 *   System.err.println(e.getMessage());
 * }
 * }</pre>
 *
 * <p>{@link MixerFileException} is for files that are missing or cannot be read. The other modules
 * have subclasses for the content of weight files and for diverged training. Wrong arguments throw
 * {@link IllegalArgumentException} instead.
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
