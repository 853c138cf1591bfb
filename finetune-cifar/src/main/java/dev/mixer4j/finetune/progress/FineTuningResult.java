package dev.mixer4j.finetune.progress;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a training ended. Accuracies are shares in [0, 1].
 *
 * @param folder of the run's files
 * @param end why it ended
 * @param steps updates made
 * @param split that was measured: {@link MetricsRow#TEST}, or {@link MetricsRow#VALIDATION} where
 *     training images are held out
 * @param before accuracy of the weights that it began with
 * @param after accuracy of the last weights that were measured
 * @param best the highest accuracy that was measured after a step; NaN if none was
 * @param bestStep updates after which it was; 0 if none was
 * @param weights the file with the weights of {@code bestStep}; missing if interrupted before the
 *     first measurement
 * @param heldOutTest accuracy on the test images, where others were measured meanwhile
 * @param report the page that shows it all; empty if interrupted, or if it could not be drawn
 */
public record FineTuningResult(
    Path folder,
    End end,
    long steps,
    String split,
    double before,
    double after,
    double best,
    long bestStep,
    Path weights,
    OptionalDouble heldOutTest,
    Optional<Path> report) {

  /** Why a training ended. */
  public enum End {
    /** All steps are made. */
    FINISHED,
    /** No better accuracy for as many measurements as the setting {@code patience} says. */
    EARLY,
    /** The listener asked for it; {@code FineTuning.resume} continues. */
    INTERRUPTED
  }
}
