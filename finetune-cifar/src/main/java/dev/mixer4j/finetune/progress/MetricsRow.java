package dev.mixer4j.finetune.progress;

/**
 * A row of {@code metrics.csv}: loss, accuracy and speed at one step. Values that the file does not
 * have are NaN.
 *
 * @param step updates so far
 * @param epoch counts from 1; 0 before training
 * @param split {@code train}, {@code test}, or {@code validation} for images held out
 * @param loss mean of the images since the row before, or of all measured images
 * @param accuracy of the same images, in [0, 1]
 * @param learningRate of the latest step
 * @param imagesPerSecond of the same images
 * @param dataWait share of the time spent waiting for data
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

  /** The training images. */
  public static final String TRAIN = "train";

  /** The test images. */
  public static final String TEST = "test";

  /** Training images that are held out. */
  public static final String VALIDATION = "validation";
}
