package dev.mixer4j.finetune.input;

import java.util.Random;

/**
 * Random boxes as in GoogLeNet's training (arXiv 1409.4842, section 6): the distribution of
 * TensorFlow's {@code sample_distorted_bounding_box} without bounding boxes.
 *
 * @param minArea the least share of the image that a box covers, above 0
 * @param maxArea the largest, up to 1
 * @param minAspect the least ratio of width to height, before rounding to pixels
 * @param maxAspect the largest
 */
public record InceptionCrop(double minArea, double maxArea, double minAspect, double maxAspect) {

  private static final int ATTEMPTS = 100;

  /** The other values are those of google-research/vision_transformer's input_pipeline.py. */
  static InceptionCrop covering(double minArea) {
    return new InceptionCrop(minArea, 1, 0.75, 1.33);
  }

  public InceptionCrop {
    if (!(0 < minArea && minArea <= maxArea && maxArea <= 1)) {
      throw new IllegalArgumentException(
          "a crop's area must be in (0, 1], found " + minArea + " to " + maxArea);
    }
    if (!(0 < minAspect && minAspect <= maxAspect && Double.isFinite(maxAspect))) {
      throw new IllegalArgumentException(
          "a crop's aspect ratio must be above 0, found " + minAspect + " to " + maxAspect);
    }
  }

  /**
   * The boxes of images at places {@code from} to {@code to} (exclusive) of an epoch's order: top,
   * left, height and width in pixels. Each depends on seed, epoch and place alone.
   */
  public int[][] boxes(long seed, int epoch, int from, int to, int imageHeight, int imageWidth) {
    int[][] boxes = new int[to - from][];
    for (int i = 0; i < boxes.length; i++) {
      Random random = new Random(Seeds.derive(seed, Seeds.CROPS, epoch, from + i));
      boxes[i] = box(random, imageHeight, imageWidth);
    }
    return boxes;
  }

  private int[] box(Random random, int imageHeight, int imageWidth) {
    double least = minArea * imageHeight * imageWidth;
    double most = maxArea * imageHeight * imageWidth;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      double aspect = minAspect + (maxAspect - minAspect) * random.nextDouble();
      int height = height(random, aspect, least, most, imageHeight, imageWidth);
      int width = width(height, aspect);
      // Rounding may have left the range of areas: change the height by one pixel.
      if (width * height < least) {
        width = width(++height, aspect);
      }
      if (width * height > most) {
        width = width(--height, aspect);
      }
      int area = width * height;
      if (area > 0
          && least <= area
          && area <= most
          && height <= imageHeight
          && width <= imageWidth) {
        int top = offset(random, imageHeight - height);
        return new int[] {top, offset(random, imageWidth - width), height, width};
      }
    }
    return new int[] {0, 0, imageHeight, imageWidth};
  }

  /** Heights, not areas, are uniform, as in the training of the published models. */
  private static int height(
      Random random, double aspect, double least, double most, int imageHeight, int imageWidth) {
    int lowest = (int) Math.rint(Math.sqrt(least / aspect));
    int highest = Math.min((int) Math.rint(Math.sqrt(most / aspect)), imageHeight);
    while (width(highest, aspect) > imageWidth) {
      highest--;
    }
    return lowest < highest ? lowest + random.nextInt(highest - lowest + 1) : highest;
  }

  private static int width(int height, double aspect) {
    return (int) Math.rint(height * aspect);
  }

  /** Never the last place at the bottom or right: TensorFlow's sampling leaves it out. */
  private static int offset(Random random, int room) {
    return room == 0 ? 0 : random.nextInt(room);
  }
}
