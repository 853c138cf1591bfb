package dev.mixer4j.core.image;

import dev.mixer4j.core.image.ResizeAxis.Taps;
import java.awt.image.BufferedImage;

/**
 * An image resizer whose results equal those of Pillow's {@code Image.resize} to the bit.
 *
 * <pre>{@code
 * byte[] rgb =
 *     ImageResize.resize(
 *         image,
 *         Interpolation.BICUBIC,
 *         new ResizeAxis(0, image.getWidth(), 224),
 *         new ResizeAxis(0, image.getHeight(), 224),
 *         3);
 * }</pre>
 *
 * <p>As in Pillow's Resample.c, images are resized along rows first, then along columns, and
 * rounded to bytes in between. When shrinking, each pixel is a weighted mean of all pixels that it
 * covers; weights are in fixed point with 22 binary places.
 */
public final class ImageResize {

  private static final int HALF = 1 << Taps.PLACES - 1;

  private ImageResize() {}

  /**
   * Resizes a part of an image; only the wanted pixels are computed.
   *
   * @param image of any size and type; its transparency is ignored
   * @param interpolation the filter
   * @param across how the width is resized
   * @param down how the height is resized
   * @param channels 3 for red, green and blue, 1 for gray levels
   * @return [down.count, across.count, channels], unsigned
   * @throws IllegalArgumentException if the image has too many pixels for an array
   */
  public static byte[] resize(
      BufferedImage image,
      Interpolation interpolation,
      ResizeAxis across,
      ResizeAxis down,
      int channels) {
    Taps columns = across.taps(interpolation, image.getWidth());
    Taps rows = down.taps(interpolation, image.getHeight());
    int stride = across.count() * channels;
    Pixels pixels = new Pixels(image, channels);
    byte[] row = new byte[pixels.arraySize(image.getWidth(), 1)];
    byte[] narrow = new byte[pixels.arraySize(across.count(), rows.end() - rows.begin())];
    for (int y = rows.begin(); y < rows.end(); y++) {
      pixels.readRow(y, row);
      resizeRow(row, columns, narrow, (y - rows.begin()) * stride, channels);
    }
    return resizeColumns(narrow, rows, stride);
  }

  private static void resizeRow(byte[] row, Taps columns, byte[] to, int offset, int channels) {
    int next = offset;
    for (int x = 0; x < columns.first().length; x++) {
      int[] weights = columns.weights()[x];
      int first = columns.first()[x] * channels;
      for (int channel = 0; channel < channels; channel++) {
        int sum = HALF;
        int from = first + channel;
        for (int weight : weights) {
          sum += weight * (row[from] & 0xff);
          from += channels;
        }
        to[next++] = level(sum);
      }
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

  /** Bicubic weights may be negative, and the sum of weights may be slightly above 1. */
  private static byte level(int sum) {
    return (byte) Math.max(0, Math.min(sum >> Taps.PLACES, 255));
  }
}
