package dev.mixer4j.finetune.data;

import java.util.OptionalDouble;

/**
 * How a data set is read and split.
 *
 * @param imageSize what pictures of a folder are brought to, the network's input size; images that
 *     are stored as pixels keep their size
 * @param validationFraction share of the training images that is held out, above 0 and below 1;
 *     empty for none
 * @param seed decides which pictures of a folder are held out
 */
public record DatasetRequest(int imageSize, OptionalDouble validationFraction, long seed) {

  /** Checks the numbers. */
  public DatasetRequest {
    if (imageSize < 1) {
      throw new IllegalArgumentException("expected an image size above 0, found " + imageSize);
    }
    validationFraction.ifPresent(
        fraction -> {
          if (!(fraction > 0 && fraction < 1)) {
            throw new IllegalArgumentException(
                "expected a validation fraction above 0 and below 1, found " + fraction);
          }
        });
  }

  /** Nothing held out. */
  public static DatasetRequest of(int imageSize) {
    return new DatasetRequest(imageSize, OptionalDouble.empty(), 0);
  }

  /**
   * How many of some images are trained on where a fraction is held out: {@code (1 − fraction)} of
   * them, rounded, but one at least on either side.
   *
   * @param images two or more
   */
  public static int trainedOn(int images, double fraction) {
    return (int) Math.max(1, Math.min(images - 1, Math.round(images * (1 - fraction))));
  }
}
