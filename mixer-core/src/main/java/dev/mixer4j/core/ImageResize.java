package dev.mixer4j.core;

import dev.mixer4j.core.ResizeAxis.Taps;
import java.awt.image.BufferedImage;

/**
 * Resizes images as Pillow does, to the bit (Resample.c, {@code Image.resize} with a box): where it
 * shrinks, each pixel is a mean over all that it covers; weights are in fixed point with 22 binary
 * places; first along rows, then along columns, rounded to bytes in between.
 */
public final class ImageResize {

  private static final int CHANNELS = 3;
  private static final int HALF = 1 << Taps.PLACES - 1;

  private ImageResize() {}

  /**
   * Resizes a part of an image; only the wanted pixels are computed.
   *
   * @param image of any size and type; its transparency is ignored
   * @param interpolation the filter
   * @param across what becomes of its width
   * @param down what becomes of its height
   * @return [down.count, across.count, 3], red, green and blue, unsigned
   * @throws IllegalArgumentException if the image has too many pixels for an array
   */
  public static byte[] resize(
      BufferedImage image, Interpolation interpolation, ResizeAxis across, ResizeAxis down) {
    Taps columns = across.taps(interpolation, image.getWidth());
    Taps rows = down.taps(interpolation, image.getHeight());
    int stride = across.count() * CHANNELS;
    byte[] row = new byte[RgbPixels.arraySize(image, image.getWidth(), 1)];
    byte[] narrow = new byte[RgbPixels.arraySize(image, across.count(), rows.end() - rows.begin())];
    for (int y = rows.begin(); y < rows.end(); y++) {
      RgbPixels.readRow(image, y, row);
      resizeRow(row, columns, narrow, (y - rows.begin()) * stride);
    }
    return resizeColumns(narrow, rows, stride);
  }

  private static void resizeRow(byte[] row, Taps columns, byte[] to, int offset) {
    int next = offset;
    for (int x = 0; x < columns.first().length; x++) {
      int red = HALF;
      int green = HALF;
      int blue = HALF;
      int from = columns.first()[x] * CHANNELS;
      for (int weight : columns.weights()[x]) {
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

  private static byte[] resizeColumns(byte[] narrow, Taps rows, int stride) {
    byte[] resized = new byte[rows.first().length * stride];
    for (int y = 0; y < rows.first().length; y++) {
      int[] weights = rows.weights()[y];
      for (int i = 0; i < stride; i++) {
        int sum = HALF;
        int from = (rows.first()[y] - rows.begin()) * stride + i;
        for (int weight : weights) {
          sum += weight * (narrow[from] & 0xff);
          from += stride;
        }
        resized[y * stride + i] = level(sum);
      }
    }
    return resized;
  }

  /** A cubic's weights may be negative, and any may add up to slightly more than 1. */
  private static byte level(int sum) {
    return (byte) Math.max(0, Math.min(sum >> Taps.PLACES, 255));
  }
}
