package dev.mixer4j.core;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/**
 * An image's pixels as 8-bit RGB, as Pillow's {@code convert("RGB")} has them: the levels as they
 * are stored. {@link BufferedImage#getRGB(int, int)} would take gray levels for linear light and
 * return brighter ones, and follow colour profiles. Transparency is ignored. Of 16 bits the upper 8
 * count; Pillow does so for colours, and makes everything above 255 white in gray images.
 */
final class RgbPixels {

  private static final int CHANNELS = 3;

  private RgbPixels() {}

  /**
   * All pixels.
   *
   * @return [height, width, 3], unsigned
   */
  static byte[] of(BufferedImage image) {
    int width = image.getWidth();
    byte[] pixels = new byte[arraySize(image, width, image.getHeight())];
    byte[] row = new byte[width * CHANNELS];
    for (int y = 0; y < image.getHeight(); y++) {
      readRow(image, y, row);
      System.arraycopy(row, 0, pixels, y * row.length, row.length);
    }
    return pixels;
  }

  /** The bytes of some RGB pixels that are made of an image's. */
  static int arraySize(BufferedImage image, int width, int height) {
    long bytes = (long) width * height * CHANNELS;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "an image of %d x %d pixels is too large; make it smaller"
              .formatted(image.getWidth(), image.getHeight()));
    }
    return (int) bytes;
  }

  /**
   * One row.
   *
   * @param row takes [width, 3], unsigned
   */
  static void readRow(BufferedImage image, int y, byte[] row) {
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
      image.getRaster().getDataElements(0, y, image.getWidth(), 1, row); // fast; it sorts the bands
    } else if (storesLevels(image.getColorModel())) {
      readLevels(image, y, row);
    } else {
      readColours(image, y, row);
    }
  }

  private static boolean storesLevels(ColorModel model) {
    int space = model.getColorSpace().getType();
    int type = model.getTransferType();
    return model instanceof ComponentColorModel
        && (space == ColorSpace.TYPE_GRAY || space == ColorSpace.TYPE_RGB)
        && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)
        && !model.isAlphaPremultiplied();
  }

  private static void readLevels(BufferedImage image, int y, byte[] row) {
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int colours = image.getColorModel().getNumColorComponents();
    int[] samples = new int[width];
    for (int channel = 0; channel < CHANNELS; channel++) {
      int band = Math.min(channel, colours - 1);
      int bits = raster.getSampleModel().getSampleSize(band);
      raster.getSamples(0, y, width, 1, band, samples);
      for (int x = 0; x < width; x++) {
        int level = bits < 8 ? samples[x] * 255 / ((1 << bits) - 1) : samples[x] >> bits - 8;
        row[CHANNELS * x + channel] = (byte) level;
      }
    }
  }

  private static void readColours(BufferedImage image, int y, byte[] row) {
    int[] colours = image.getRGB(0, y, image.getWidth(), 1, null, 0, image.getWidth());
    for (int x = 0; x < colours.length; x++) {
      row[CHANNELS * x] = (byte) (colours[x] >> 16);
      row[CHANNELS * x + 1] = (byte) (colours[x] >> 8);
      row[CHANNELS * x + 2] = (byte) colours[x];
    }
  }
}
