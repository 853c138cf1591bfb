package dev.mixer4j.finetune.data;

import java.awt.image.BufferedImage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
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

/** Reads PNG and JPEG files. */
public final class ImageFile {

  /** More than a camera takes; a file of a few bytes may claim far more. */
  private static final long MAX_PIXELS = 100_000_000;

  private ImageFile() {}

  /** Reads an image as it is stored, without a rotation that its EXIF data may ask for. */
  public static BufferedImage read(Path path) throws IOException {
    ImageReader reader = null;
    try (InputStream file = new BufferedInputStream(Files.newInputStream(path));
        ImageInputStream in = new MemoryCacheImageInputStream(file)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      reader = readers.hasNext() ? readers.next() : null;
      String format = reader == null ? "neither" : reader.getFormatName().toLowerCase(Locale.ROOT);
      if (!format.equals("png") && !format.equals("jpeg")) {
        throw new DatasetException(
            path + ": expected a PNG or JPEG image, found " + format + "; convert it to one");
      }
      reader.setInput(in, true, true);
      long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
      if (pixels > MAX_PIXELS) {
        throw new DatasetException(
            "%s: expected at most %d pixels, found %d x %d; make it smaller"
                .formatted(path, MAX_PIXELS, reader.getWidth(0), reader.getHeight(0)));
      }
      List<String> warnings = new ArrayList<>();
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      BufferedImage image = reader.read(0);
      // Java's reader makes up the rest of a truncated JPEG, and warns.
      if (warnings.stream().anyMatch(warning -> warning.startsWith("Truncated"))) {
        throw new DatasetException(path + ": this image is cut off; get it again");
      }
      return image;
    } catch (DatasetException | FileSystemException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // Java's readers throw both for damaged files
      throw new DatasetException(
          path + ": this image cannot be read: " + e.getMessage() + "; is the file whole?", e);
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
  }
}
