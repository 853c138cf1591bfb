package dev.mixer4j.finetune.progress;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The outcome of a training: why it ended, its accuracies and its files. Accuracies are shares in
 * [0, 1].
 *
 * <pre>{@code
 * FineTuningResult result = training.run(Path.of("run"), TrainingListener.NONE);
 * System.out.printf("%.1f%% on %s: %s%n", 100 * result.best(), result.split(), result.weights());
 * }</pre>
 *
 * @param folder of the run's files
 * @param end why it ended
 * @param steps updates made
 * @param split that was measured: {@link MetricsRow#TEST}, or {@link MetricsRow#VALIDATION} if
 *     training images are held out
 * @param before accuracy of the weights at the start
 * @param after accuracy at the last measurement
 * @param best the highest accuracy measured after a step; NaN if there was none
 * @param bestStep updates before that measurement; 0 if there was none
 * @param weights the file with the weights of {@code bestStep}; missing if interrupted before the
 *     first measurement
 * @param heldOutTest accuracy of {@code weights} on the test images, if there are any and the
 *     weights were chosen on validation images
 * @param report the HTML report; empty if interrupted, or if it could not be drawn
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
    /** All steps were made. */
    FINISHED,
    /** No better accuracy for {@code patience} measurements. */
    EARLY,
    /** The listener asked for it; {@code FineTuning.resume} continues. */
    INTERRUPTED
  }
}
