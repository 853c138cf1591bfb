package dev.mixer4j.finetune.progress;

/**
 * Is told how a training goes, by the thread that trains: what takes long here holds it up. An
 * exception ends the training.
 */
public interface TrainingListener {

  /** A listener that hears nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /**
   * Images and weights are read, and training begins.
   *
   * @param plan what the training is about to do
   */
  default void started(TrainingPlan plan) {}

  /**
   * An update is made.
   *
   * @param step updates of the run so far
   * @param images in its batch
   * @param loss mean over the images since the latest row of the metrics, or of that row, as it was
   *     a second ago at most: it is not fetched from the device at each step
   * @param accuracy of the same images, in [0, 1]
   */
  default void step(long step, int images, double loss, double accuracy) {}

  /**
   * Images are classified that are not trained on.
   *
   * @param done of them; 0 at first
   * @param images in all
   */
  default void testing(int done, int images) {}

  /**
   * A row was added to {@code metrics.csv}.
   *
   * @param row as it stands there
   */
  default void row(MetricsRow row) {}

  /**
   * Something went wrong that does not end the training.
   *
   * @param message what it was, for a person
   */
  default void warning(String message) {}

  /** {@return whether to save a checkpoint and leave; asked after each step} */
  default boolean stopRequested() {
    return false;
  }
}
