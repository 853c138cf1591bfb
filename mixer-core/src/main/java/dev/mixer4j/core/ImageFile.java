package dev.mixer4j.core;

import dev.mixer4j.core.image.Orientation;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A reader of PNG and JPEG files from any source. Images are turned upright as their EXIF data say.
 *
 * <pre>{@code
 * BufferedImage photo = ImageFile.read(Path.of("photo.jpg"));
 * BufferedImage upload = ImageFile.decode(bytes);
 * }</pre>
 *
 * <p>The system property {@code mixer4j.orientation=stored} leaves all images as they are stored,
 * as timm does.
 *
 * <p>Limits are checked before anything is decoded: 300 MB of file, 100 million pixels, 300 MB of
 * decoded pixels and, for a JPEG, 100 scans. What a decoder keeps between several scans counts as
 * decoded pixels.
 */
public final class ImageFile {

  /** The most bytes that a file may have, and the pixels decoded from it. */
  public static final int MAX_BYTES = 300_000_000;

  /** More than a camera takes; a file of a few bytes may claim far more. */
  private static final long MAX_PIXELS = 100_000_000;

  /** Bits of a pixel that are kept until the last of several scans: 16 for each of 1.5 numbers. */
  private static final int COEFFICIENTS = 24;

  /** Progressive files have about 10. Each takes the time of decoding all pixels. */
  private static final int MAX_SCANS = 100;

  private static final byte MARKER = (byte) 0xff;

  private ImageFile() {}

  /**
   * {@return an image, the right way up}
   *
   * @param file PNG or JPEG, whatever its name
   * @throws IOException if there is no such file, or it cannot be read
   * @throws MixerException if it is damaged, of another format or beyond the limits
   */
  public static BufferedImage read(Path file) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new MixerException(
          file + ": expected a PNG or JPEG image, found a folder, a pipe or a device");
    }
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw new MixerException(
            "expected an image of at most %d bytes, found %d".formatted(MAX_BYTES, size));
      }
      return decode(Files.readAllBytes(file));
    } catch (MixerException e) {
      throw new MixerException(file + ": " + e.getMessage(), e.getCause());
    }
  }

  /**
   * {@return an image, the right way up}
   *
   * @param file the bytes of a PNG or JPEG file
   * @throws MixerException if it is damaged, of another format or beyond the limits; the message
   *     does not name a file
   */
  public static BufferedImage decode(byte[] file) {
    ImageReader reader = null;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      reader = readers.hasNext() ? readers.next() : null;
      String format = reader == null ? "" : reader.getFormatName().toLowerCase(Locale.ROOT);
      if (!format.equals("png") && !format.equals("jpeg")) {
        throw new MixerException(
            "expected a PNG or JPEG image, found "
                + (file.length == 0
                    ? "an empty file"
                    : (format.isEmpty() ? describe(file) : format) + "; convert it to one"));
      }
      reader.setInput(in, true, true);
      check(reader, file);
      BufferedImage image = read(reader);
      return "stored".equals(System.getProperty("mixer4j.orientation"))
          ? image
          : Orientation.of(file).apply(image);
    } catch (MixerException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // Java's readers throw both for damaged files
      throw new MixerException(
          "this image cannot be read: " + e.getMessage() + "; is the file whole?", e);
    } catch (OutOfMemoryError e) { // of one large array, without which all goes on
      throw new MixerException(
          "Java has not enough memory for this image; JAVA_OPTS=-Xmx4g gives it 4 GB, for example",
          e);
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
  }

  private static void check(ImageReader reader, byte[] file) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    long pixels = (long) width * height;
    if (pixels > MAX_PIXELS) {
      throw new MixerException(
          "expected at most %d pixels, found %d x %d; make it smaller"
              .formatted(MAX_PIXELS, width, height));
    }
    int scans = scans(file);
    int bits = reader.getImageTypes(0).next().getColorModel().getPixelSize();
    int whileReading = scans > 1 ? COEFFICIENTS : 0;
    if (pixels * (bits + whileReading) / Byte.SIZE > MAX_BYTES) {
      throw new MixerException(
          "expected at most %d bytes of pixels, found %d x %d pixels of %d bits; make it smaller"
              .formatted(MAX_BYTES, width, height, bits + whileReading));
    }
    if (scans > MAX_SCANS) {
      throw new MixerException(
          "expected a JPEG of at most %d scans, found %d; save it again"
              .formatted(MAX_SCANS, scans));
    }
  }

  /**
   * The scans of a JPEG (ITU-T T.81, annex B), not those of a small picture in a segment for
   * applications; 0 for a PNG.
   */
  private static int scans(byte[] file) {
    if (file.length < 2 || file[0] != MARKER || file[1] != (byte) 0xd8) {
      return 0;
    }
    int scans = 0;
    int at = 2;
    while (at + 3 < file.length) {
      int marker = file[at + 1] & 0xff;
      boolean inData = marker == 0 || marker == 0xff || marker >= 0xd0 && marker <= 0xd7;
      if (file[at] != MARKER || inData) { // between segments: compressed pixels
        at++;
      } else if (marker == 0xd9) { // the end
        break;
      } else {
        scans += marker == 0xda ? 1 : 0;
        at += 2 + ((file[at + 2] & 0xff) << 8 | file[at + 3] & 0xff); // the length counts itself
      }
    }
    return scans;
  }

  private static BufferedImage read(ImageReader reader) throws IOException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    BufferedImage image = reader.read(0);
    // Java's reader makes up the rest of a truncated JPEG, and warns.
    if (warnings.stream().anyMatch(warning -> warning.startsWith("Truncated"))) {
      throw new MixerException("this image is cut off; get it again");
    }
    return image;
  }

  private static String describe(byte[] file) {
    String start = new String(file, 0, Math.min(16, file.length), StandardCharsets.ISO_8859_1);
    if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
      return "WebP";
    }
    if (start.startsWith("ftypavif", 4)) {
      return "AVIF";
    }
    return start.startsWith("ftyp", 4) ? "HEIF" : "neither";
  }
}
