package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFileTest {

  @TempDir Path dir;

  private Path write(BufferedImage image, String format) throws IOException {
    Path file = dir.resolve("image");
    assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
    return file;
  }

  @Test
  void readsColoursAsTheyStandInAPng() throws IOException {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(2, 1, 0x80123456);
    BufferedImage read = ImageFile.read(write(image, "png"));
    assertThat(read.getWidth()).isEqualTo(3);
    assertThat(read.getRGB(2, 1) & 0xffffff).isEqualTo(0x123456);
  }

  @Test
  void readsBlackAndWhite() throws IOException {
    BufferedImage image = new BufferedImage(9, 1, BufferedImage.TYPE_BYTE_BINARY);
    image.setRGB(8, 0, 0xffffff);
    BufferedImage read = ImageFile.read(write(image, "png"));
    assertThat(read.getRGB(8, 0)).isEqualTo(0xffffffff);
    assertThat(read.getRGB(0, 0)).isEqualTo(0xff000000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bmp", "gif"})
  void refusesOtherFormats(String format) throws IOException {
    Path file = write(new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB), format);
    assertThatThrownBy(() -> ImageFile.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessage(
            file + ": expected a PNG or JPEG image, found " + format + "; convert it to one");
  }

  @Test
  void refusesMorePixelsThanAnyCameraHasBeforeDecodingThem() throws IOException {
    Path file = dir.resolve("huge.png");
    Files.write(file, pngHeader(60_000, 50_000));
    assertThatThrownBy(() -> ImageFile.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("huge.png: expected at most 100000000 pixels, found 60000 x 50000");
  }

  /** The start of a PNG file: 33 bytes that promise an image of any size. */
  private static byte[] pngHeader(int width, int height) throws IOException {
    byte[] chunk =
        ByteBuffer.allocate(17)
            .put("IHDR".getBytes(StandardCharsets.US_ASCII))
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 2, 0, 0, 0})
            .array();
    CRC32 crc = new CRC32();
    crc.update(chunk);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(0x89504e470d0a1a0aL);
      out.writeInt(13);
      out.write(chunk);
      out.writeInt((int) crc.getValue());
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpeg"})
  void refusesDamagedFiles(String format) throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    byte[] whole = Files.readAllBytes(write(image, format));
    Path file = dir.resolve("cut");
    for (int length = 0; length < 60; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ImageFile.read(file))
          .as("%d bytes", length)
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void refusesAJpegThatIsCutOffAnywhere() throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    byte[] whole = Files.readAllBytes(write(image, "jpeg"));
    Path file = dir.resolve("cut.jpg");
    for (int length = 60; length < whole.length; length += 11) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> ImageFile.read(file))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining(file.toString());
    }
  }
}
