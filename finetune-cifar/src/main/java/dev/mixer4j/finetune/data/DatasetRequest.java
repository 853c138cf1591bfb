package dev.mixer4j.finetune.data;

import dev.mixer4j.core.image.ImageInput;
import java.util.OptionalDouble;

/**
 * How a data set is read and split.
 *
 * @param imageSize pictures of a folder are resized to it; CIFAR's and MNIST's images keep theirs
 * @param channels of the images: 1 for gray levels, 3 for red, green and blue; 0 for the data's own
 * @param validationFraction share of the training images to hold out, above 0 and below 1
 */
public record DatasetRequest(
    int imageSize, int channels, OptionalDouble validationFraction, long seed) {

  public DatasetRequest {
    require(imageSize >= 1, "an image size above 0", imageSize);
    require(channels == 0 || channels == 1 || channels == 3, "1 or 3 channels", channels);
    validationFraction.ifPresent(
        f -> require(f > 0 && f < 1, "a validation fraction above 0 and below 1", f));
  }

  private static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException("expected " + expected + ", found " + found);
    }
  }

  /** Takes size and channels from a network's input; a fraction of 0 holds nothing out. */
  public static DatasetRequest of(ImageInput input, double fraction, long seed) {
    return new DatasetRequest(
        input.size(),
        input.channels(),
        fraction == 0 ? OptionalDouble.empty() : OptionalDouble.of(fraction),
        seed);
  }

  int channelsOr(int own) {
    return channels == 0 ? own : channels;
  }

  /** The data's own channels, and nothing held out. */
  public static DatasetRequest of(int imageSize) {
    return new DatasetRequest(imageSize, 0, OptionalDouble.empty(), 0);
  }

  /**
   * How many of two or more images stay when a fraction is held out: {@code (1 − fraction)} of
   * them, rounded, but at least one on either side.
   */
  public static int trainedOn(int images, double fraction) {
    return (int) Math.max(1, Math.min(images - 1, Math.round(images * (1 - fraction))));
  }
}
