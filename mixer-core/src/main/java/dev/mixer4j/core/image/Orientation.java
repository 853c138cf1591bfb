package dev.mixer4j.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The orientation of a stored image, as a camera notes it in the EXIF tag Orientation (EXIF 2.32,
 * section 4.6.4).
 *
 * <pre>{@code
 * byte[] file = Files.readAllBytes(Path.of("photo.jpg"));
 * BufferedImage stored = ImageIO.read(new ByteArrayInputStream(file));
 * BufferedImage upright = Orientation.of(file).apply(stored);
 * }</pre>
 *
 * <p>{@link dev.mixer4j.core.ImageFile} does this for you. The tag's values are all ways to mirror
 * and turn an image: first columns and rows are swapped or not, then the columns and the rows are
 * reversed or not.
 *
 * @param swap whether the stored rows are the image's columns
 * @param reverseX whether the image's columns stand in reverse order
 * @param reverseY whether the image's rows stand in reverse order
 */
public record Orientation(boolean swap, boolean reverseX, boolean reverseY) {

  /** As it is stored. */
  public static final Orientation UPRIGHT = new Orientation(false, false, false);

  private static final String EXIF = "Exif\0\0";
  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final long PNG = 0x89504e470d0a1a0aL;

  /**
   * {@return the orientation that a file notes; upright if it notes none, or none that is valid}
   *
   * @param file the bytes of a PNG or JPEG file
   */
  public static Orientation of(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file);
    try {
      return of(in.getLong(0) == PNG ? inPng(in) : inJpeg(in));
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return UPRIGHT; // cut off; the pixels may be whole
    }
  }

  private static Orientation of(int value) {
    return switch (value) {
      case 2 -> new Orientation(false, true, false);
      case 3 -> new Orientation(false, true, true);
      case 4 -> new Orientation(false, false, true);
      case 5 -> new Orientation(true, false, false);
      case 6 -> new Orientation(true, true, false);
      case 7 -> new Orientation(true, true, true);
      case 8 -> new Orientation(true, false, true);
      default -> UPRIGHT;
    };
  }

  /** The value in the segments before the pixels; 0 if there is none. */
  private static int inJpeg(ByteBuffer in) {
    in.position(2); // behind the start of the image
    while (true) {
      int marker = in.getShort() & 0xffff;
      int length = (in.getShort() & 0xffff) - Short.BYTES;
      if (marker <= 0xff00 || marker == 0xffda) { // no marker, or the start of the pixels
        return 0;
      }
      ByteBuffer segment = in.slice(in.position(), length);
      if (marker == 0xffe1 && text(segment, EXIF.length()).equals(EXIF)) {
        return inTiff(segment.slice());
      }
      in.position(in.position() + length);
    }
  }

  private static int inPng(ByteBuffer in) {
    in.position(Long.BYTES);
    while (true) {
      int length = in.getInt();
      if (length < 0) {
        return 0; // damaged
      }
      if (text(in, 4).equals("eXIf")) {
        return inTiff(in.slice(in.position(), length));
      }
      in.position(in.position() + length + 4); // the content and its checksum
    }
  }

  private static String text(ByteBuffer in, int length) {
    byte[] bytes = new byte[Math.min(length, in.remaining())];
    in.get(bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** The value in the first directory of TIFF 6.0. */
  private static int inTiff(ByteBuffer tiff) {
    tiff.order(text(tiff, 2).equals("II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    tiff.position(tiff.getInt(4));
    for (int entries = tiff.getShort() & 0xffff; entries > 0; entries--) {
      int tag = tiff.getShort() & 0xffff;
      int type = tiff.getShort();
      tiff.getInt(); // the count
      int value = tiff.getShort();
      tiff.getShort();
      if (tag == TAG) {
        return type == SHORT ? value : 0;
      }
    }
    return 0;
  }

  /**
   * {@return an image turned upright, of the same type}
   *
   * @param image as it is stored
   */
  public BufferedImage apply(BufferedImage image) {
    if (equals(UPRIGHT)) {
      return image;
    }
    int width = image.getWidth();
    int height = image.getHeight();
    WritableRaster from = image.getRaster();
    WritableRaster to =
        from.createCompatibleWritableRaster(swap ? height : width, swap ? width : height);
    int bands = from.getNumBands();
    int[] row = new int[width * bands];
    int[] reversed = new int[width * bands];
    boolean reverseRow = swap ? reverseY : reverseX;
    boolean reverseOrder = swap ? reverseX : reverseY;
    for (int y = 0; y < height; y++) {
      from.getPixels(0, y, width, 1, row);
      int[] pixels = row;
      if (reverseRow) {
        for (int x = 0; x < width; x++) {
          System.arraycopy(row, x * bands, reversed, (width - 1 - x) * bands, bands);
        }
        pixels = reversed;
      }
      int place = reverseOrder ? height - 1 - y : y;
      if (swap) {
        to.setPixels(place, 0, 1, width, pixels);
      } else {
        to.setPixels(0, place, width, 1, pixels);
      }
    }
    return new BufferedImage(image.getColorModel(), to, image.isAlphaPremultiplied(), null);
  }
}
