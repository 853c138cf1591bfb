package dev.mixer4j.finetune.progress;

import java.util.List;

/**
 * The plan of a training: its length, its batches and its data.
 *
 * @param resumed whether it continues an earlier run
 * @param stepsDone updates before it; 0 for a new run
 * @param totalSteps updates in the whole run
 * @param stepsPerEpoch updates in an epoch
 * @param batchSize images in an update; the last of an epoch may have fewer
 * @param trainImages number of training images
 * @param measuredImages number of images that are measured
 * @param split of those: {@link MetricsRow#TEST}, or {@link MetricsRow#VALIDATION} if training
 *     images are held out
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

  /** {@return the epochs of the whole run; the last one may end early} */
  public long epochs() {
    return (totalSteps + stepsPerEpoch - 1) / stepsPerEpoch;
  }
}
