package dev.mixer4j.finetune.progress;

/**
 * A listener for the progress of a training, which it can also stop.
 *
 * <pre>{@code
 * TrainingListener listener =
 *     new TrainingListener() {
 *       @Override
 *       public void row(MetricsRow row) {
 *         System.out.printf("step %d: %s loss %.3f%n", row.step(), row.split(), row.loss());
 *       }
 *     };
 * }</pre>
 *
 * <p>Methods are called in the training thread, so slow ones delay the training. An exception ends
 * it.
 */
public interface TrainingListener {

  /** A listener that does nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /**
   * Training begins: images and weights are read.
   *
   * @param plan of the training
   */
  default void started(TrainingPlan plan) {}

  /**
   * An update was made.
   *
   * @param step updates of the run so far
   * @param images in its batch
   * @param loss mean over the images since the latest row of the metrics; up to a second old, since
   *     it is not fetched from the device at each step
   * @param accuracy of the same images, in [0, 1]
   */
  default void step(long step, int images, double loss, double accuracy) {}

  /**
   * A measurement makes progress.
   *
   * @param done images classified so far, starting with 0
   * @param images in all
   */
  default void testing(int done, int images) {}

  /**
   * A row was added to {@code metrics.csv}.
   *
   * @param row that was added
   */
  default void row(MetricsRow row) {}

  /**
   * A setting was chosen that the caller had not set.
   *
   * @param message for a person
   */
  default void note(String message) {}

  /**
   * A problem occurred that does not end the training.
   *
   * @param message for a person
   */
  default void warning(String message) {}

  /** {@return whether to save a checkpoint and stop; asked after each step} */
  default boolean stopRequested() {
    return false;
  }
}
