package dev.mixer4j.core.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/**
 * The pixels of an image as bytes, equal to those of Pillow's {@code convert("RGB")} or {@code
 * convert("L")}.
 *
 * <pre>{@code
 * byte[] rgb = new Pixels(image, 3).all(); // [height, width, 3], unsigned
 * }</pre>
 *
 * <p>Levels are taken as they are stored, those of CMYK without their profile. ({@link
 * BufferedImage#getRGB(int, int)} would take gray levels for linear light and follow color
 * profiles.) Transparency is ignored. Of 16 bits the upper 8 count; Pillow does so for colors, but
 * turns everything above 255 white in gray images.
 */
public final class Pixels {

  private static final int RGB = 3;

  private final BufferedImage image;
  private final int channels;
  private final byte[] rgbRow;

  /**
   * Reads nothing yet.
   *
   * @param image of any size and type
   * @param channels 3 for red, green and blue, 1 for gray levels
   * @throws IllegalArgumentException if it is another number of channels, or a row is too long for
   *     an array
   */
  public Pixels(BufferedImage image, int channels) {
    if (channels != 1 && channels != RGB) {
      throw new IllegalArgumentException("expected 1 or 3 channels, found " + channels);
    }
    this.image = image;
    this.channels = channels;
    this.rgbRow = channels == RGB ? null : new byte[arraySize(image, image.getWidth(), 1, RGB)];
  }

  /**
   * {@return all pixels, [height, width, channels], unsigned}
   *
   * @throws IllegalArgumentException if they are too many for an array
   */
  public byte[] all() {
    int width = image.getWidth();
    byte[] pixels = new byte[arraySize(width, image.getHeight())];
    byte[] row = new byte[width * channels];
    for (int y = 0; y < image.getHeight(); y++) {
      readRow(y, row);
      System.arraycopy(row, 0, pixels, y * row.length, row.length);
    }
    return pixels;
  }

  /** The bytes of an image of this size made from this one. */
  int arraySize(int width, int height) {
    return arraySize(image, width, height, channels);
  }

  private static int arraySize(BufferedImage image, int width, int height, int channels) {
    long bytes = (long) width * height * channels;
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "an image of %d x %d pixels is too large; make it smaller"
              .formatted(image.getWidth(), image.getHeight()));
    }
    return (int) bytes;
  }

  /**
   * Reads one row.
   *
   * @param row takes [width, channels], unsigned
   */
  void readRow(int y, byte[] row) {
    if (channels == RGB) {
      readRgbRow(y, row);
      return;
    }
    readRgbRow(y, rgbRow);
    for (int x = 0; x < image.getWidth(); x++) {
      row[x] = gray(rgbRow[RGB * x] & 0xff, rgbRow[RGB * x + 1] & 0xff, rgbRow[RGB * x + 2] & 0xff);
    }
  }

  /**
   * {@return the gray level of a color, as Pillow's {@code convert("L")} computes it} It is the
   * luma of ITU-R 601-2 in fixed point; the level of a gray pixel stays the same.
   *
   * @param red 0 to 255
   * @param green 0 to 255
   * @param blue 0 to 255
   */
  public static byte gray(int red, int green, int blue) {
    return (byte) (19595 * red + 38470 * green + 7471 * blue + 0x8000 >> 16);
  }

  private void readRgbRow(int y, byte[] row) {
    if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
      image
          .getRaster()
          .getDataElements(0, y, image.getWidth(), 1, row); // fast, and sorts the bands
    } else if (storesLevels(image.getColorModel())) {
      readLevels(image, y, row);
    } else if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_CMYK) {
      readInks(image, y, row);
    } else {
      readColors(image, y, row);
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
    int colors = image.getColorModel().getNumColorComponents();
    int[] samples = new int[width];
    for (int channel = 0; channel < RGB; channel++) {
      int band = Math.min(channel, colors - 1);
      int bits = raster.getSampleModel().getSampleSize(band);
      raster.getSamples(0, y, width, 1, band, samples);
      for (int x = 0; x < width; x++) {
        int level = bits < 8 ? samples[x] * 255 / ((1 << bits) - 1) : samples[x] >> bits - 8;
        row[RGB * x + channel] = (byte) level;
      }
    }
  }

  /** Cyan, magenta, yellow and black; a profile is not followed. */
  private static void readInks(BufferedImage image, int y, byte[] row) {
    int width = image.getWidth();
    int bands = image.getRaster().getNumBands();
    int[] inks = image.getRaster().getPixels(0, y, width, 1, new int[width * bands]);
    for (int x = 0; x < width; x++) {
      int white = 255 - inks[bands * x + RGB];
      for (int channel = 0; channel < RGB; channel++) {
        int product = inks[bands * x + channel] * white + 128;
        row[RGB * x + channel] = (byte) (white - ((product >> 8) + product >> 8));
      }
    }
  }

  private static void readColors(BufferedImage image, int y, byte[] row) {
    int[] colors = image.getRGB(0, y, image.getWidth(), 1, null, 0, image.getWidth());
    for (int x = 0; x < colors.length; x++) {
      row[RGB * x] = (byte) (colors[x] >> 16);
      row[RGB * x + 1] = (byte) (colors[x] >> 8);
      row[RGB * x + 2] = (byte) colors[x];
    }
  }
}
