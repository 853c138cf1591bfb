package dev.mixer4j.finetune.progress;

/**
 * A row of {@code metrics.csv}. What the file does not tell is NaN.
 *
 * @param step updates so far
 * @param epoch counts from 1; 0 before training
 * @param split {@code train}, {@code test}, or {@code validation} for images held out
 * @param loss mean of the images since the row before, or of all test images
 * @param accuracy of the same images, in [0, 1]
 * @param learningRate of the latest step
 * @param imagesPerSecond of the same images
 * @param dataWait share of the time that was spent waiting for data
 */
public record MetricsRow(
    long step,
    int epoch,
    String split,
    double loss,
    double accuracy,
    double learningRate,
    double imagesPerSecond,
    double dataWait) {

  /** The split that is trained on. */
  public static final String TRAIN = "train";

  /** The split that tells how good the result is. */
  public static final String TEST = "test";

  /** Training images that are held out, to choose by. */
  public static final String VALIDATION = "validation";
}
