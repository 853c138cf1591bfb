package dev.mixer4j.finetune.progress;

import java.util.List;

/**
 * What a training is about to do.
 *
 * @param resumed whether it goes on with an earlier run
 * @param stepsDone updates before it; 0 for a new run
 * @param totalSteps updates in the whole run
 * @param stepsPerEpoch updates that go once over the training images
 * @param batchSize images in an update; an epoch's last may have fewer
 * @param trainImages that are trained on
 * @param measuredImages that tell how good the weights are
 * @param split what those are: {@link MetricsRow#TEST}, or {@link MetricsRow#VALIDATION} where some
 *     training images are held out
 * @param classNames in the order of the labels
 * @param fromScratch whether the run began without weights
 * @param newHead whether the run began with a head of zeros
 */
public record TrainingPlan(
    boolean resumed,
    long stepsDone,
    long totalSteps,
    long stepsPerEpoch,
    int batchSize,
    int trainImages,
    int measuredImages,
    String split,
    List<String> classNames,
    boolean fromScratch,
    boolean newHead) {

  /** {@return the epochs of the whole run, of which the last may end in its middle} */
  public long epochs() {
    return (totalSteps + stepsPerEpoch - 1) / stepsPerEpoch;
  }
}
