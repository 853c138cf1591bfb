package dev.mixer4j.finetune.report;

import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.ImageIO;

/** Writes files atomically: to a temporary file beside, then renamed. */
public final class AtomicFile {

  private AtomicFile() {}

  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  public static void writePng(Path file, BufferedImage image) throws IOException {
    ImageIO.setUseCache(false);
    write(file, out -> ImageIO.write(image, "png", out));
  }

  public static void write(Path file, Content content) throws IOException {
    Path beside = file.resolveSibling("." + file.getFileName() + ".part");
    try {
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(beside))) {
        content.writeTo(out);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
