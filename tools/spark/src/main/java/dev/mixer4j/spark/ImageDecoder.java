package dev.mixer4j.spark;

import dev.mixer4j.core.MixerException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes PNG and JPEG, as finetune-cifar's {@code predict} does. */
final class ImageDecoder {

  /** A file of a few bytes may claim far more pixels than it has. */
  private static final long MAX_PIXELS = 100_000_000;

  private ImageDecoder() {}

  /**
   * Decodes an image as it is stored; the orientation that a camera notes is ignored.
   *
   * @throws MixerException if it is damaged or neither PNG nor JPEG, has more than 100 million
   *     pixels, or more than fit into memory
   */
  static BufferedImage decode(InputStream bytes) {
    ImageReader reader = null;
    try (ImageInputStream in = new MemoryCacheImageInputStream(bytes)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      reader = readers.hasNext() ? readers.next() : null;
      String format = reader == null ? "neither" : reader.getFormatName().toLowerCase(Locale.ROOT);
      if (!format.equals("png") && !format.equals("jpeg")) {
        throw new MixerException("expected a PNG or JPEG image, found " + format);
      }
      reader.setInput(in, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      if (pixels > MAX_PIXELS) {
        throw new MixerException(
            "expected at most %d pixels, found %d x %d"
                .formatted(MAX_PIXELS, reader.getWidth(0), reader.getHeight(0)));
      }
      return decode(reader);
    } catch (MixerException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Java's readers answer some damaged files with runtime exceptions.
      throw new MixerException("this image cannot be decoded: " + e.getMessage(), e);
    } catch (OutOfMemoryError e) {
      // One array that did not fit: nothing is lost but this image.
      throw new MixerException("too large for the executor's Java heap", e);
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
  }

  private static BufferedImage decode(ImageReader reader) throws IOException {
    List<String> warnings = new ArrayList<>();
    reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    BufferedImage image = reader.read(0);
    // Of a JPEG that is cut off, Java's reader makes up the rest and warns.
    if (warnings.stream().anyMatch(warning -> warning.startsWith("Truncated"))) {
      throw new MixerException("this image is cut off");
    }
    return image;
  }
}
