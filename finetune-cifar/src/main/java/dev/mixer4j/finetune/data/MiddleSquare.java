package dev.mixer4j.finetune.data;

import java.awt.image.BufferedImage;

/**
 * The middle of a picture, scaled so that the picture's shorter side fits: bilinear, and where it
 * shrinks, each pixel is a mean over all that it covers. The arithmetic is Pillow's (Resample.c,
 * {@code resize} with {@code BILINEAR} and a box), to the bit: weights in fixed point with 22
 * binary places, first along rows, then along columns, rounded to bytes in between.
 */
final class MiddleSquare {

  private static final int CHANNELS = LabelledImages.CHANNELS;
  private static final int PLACES = 22;
  private static final int HALF = 1 << PLACES - 1;

  private MiddleSquare() {}

  /**
   * Takes the middle of a picture.
   *
   * @return [size, size, 3], unsigned
   */
  static byte[] of(BufferedImage image, int size) {
    int width = image.getWidth();
    int height = image.getHeight();
    int side = Math.min(width, height);
    Weights across = Weights.of(width, (width - side) / 2.0, side, size);
    Weights down = Weights.of(height, (height - side) / 2.0, side, size);
    int top = down.first[0];
    int bottom = down.first[size - 1] + down.weights[size - 1].length;
    byte[] narrow = new byte[Math.multiplyExact((bottom - top) * CHANNELS, size)];
    byte[] row = new byte[width * CHANNELS];
    for (int y = top; y < bottom; y++) {
      readRow(image, y, row);
      scaleRow(row, across, narrow, (y - top) * size * CHANNELS);
    }
    return scaleColumns(narrow, top, down, size);
  }

  /**
   * Red, green and blue of each pixel; without the detour over colours where they are stored so.
   */
  private static void readRow(BufferedImage image, int y, byte[] row) {
    int width = image.getWidth();
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
      image.getRaster().getDataElements(0, y, width, 1, row);
      return;
    }
    int[] colours = image.getRGB(0, y, width, 1, null, 0, width);
    for (int x = 0; x < width; x++) {
      row[CHANNELS * x] = (byte) (colours[x] >> 16);
      row[CHANNELS * x + 1] = (byte) (colours[x] >> 8);
      row[CHANNELS * x + 2] = (byte) colours[x];
    }
  }

  private static void scaleRow(byte[] row, Weights across, byte[] to, int offset) {
    int next = offset;
    for (int x = 0; x < across.first.length; x++) {
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      int from = across.first[x] * CHANNELS;
      for (int weight : across.weights[x]) {
        red += weight * (row[from] & 0xff);
        green += weight * (row[from + 1] & 0xff);
        blue += weight * (row[from + 2] & 0xff);
        from += CHANNELS;
      }
      to[next++] = level(red);
      to[next++] = level(green);
      to[next++] = level(blue);
    }
  }

  private static byte[] scaleColumns(byte[] narrow, int top, Weights down, int size) {
    int stride = size * CHANNELS;
    byte[] square = new byte[size * stride];
    for (int y = 0; y < size; y++) {
      int[] weights = down.weights[y];
      for (int i = 0; i < stride; i++) {
        int sum = HALF;
        int from = (down.first[y] - top) * stride + i;
        for (int weight : weights) {
          sum += weight * (narrow[from] & 0xff);
          from += stride;
        }
        square[y * stride + i] = level(sum);
      }
    }
    return square;
  }

  private static byte level(int sum) {
    return (byte) Math.min(sum >> PLACES, 255); // weights may add up to slightly more than 1
  }

  /**
   * Which pixels of a line each scaled pixel is made of, and how much of each.
   *
   * @param first the first one's place
   * @param weights of that and the following ones, in fixed point
   */
  private record Weights(int[] first, int[][] weights) {

    /**
     * For a part of a line.
     *
     * @param length of the line
     * @param start of the part
     * @param extent of the part
     * @param size that the part becomes
     */
    static Weights of(int length, double start, int extent, int size) {
      double scale = (double) extent / size;
      double reach = Math.max(scale, 1);
      int[] first = new int[size];
      int[][] weights = new int[size][];
      for (int i = 0; i < size; i++) {
        double centre = start + (i + 0.5) * scale;
        int from = (int) Math.max(0, centre - reach + 0.5);
        int to = (int) Math.min(length, centre + reach + 0.5);
        double[] shares = new double[to - from];
        double sum = 0;
        for (int x = 0; x < shares.length; x++) {
          shares[x] = Math.max(0, 1 - Math.abs((from + x - centre + 0.5) / reach));
          sum += shares[x];
        }
        first[i] = from;
        weights[i] = new int[shares.length];
        for (int x = 0; x < shares.length; x++) {
          weights[i][x] = (int) (0.5 + shares[x] / sum * (1 << PLACES));
        }
      }
      return new Weights(first, weights);
    }
  }
}
