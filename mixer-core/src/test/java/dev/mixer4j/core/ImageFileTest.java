package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.image.Orientation;
import dev.mixer4j.core.image.Pixels;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFileTest {

  /** A scan of one component, without pixels. */
  private static final byte[] SCAN = {(byte) 0xff, (byte) 0xda, 0, 8, 1, 1, 0, 0, 63, 0};

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
        .isInstanceOf(MixerException.class)
        .hasMessage(
            file + ": expected a PNG or JPEG image, found " + format + "; convert it to one");
  }

  @Test
  void refusesMorePixelsThanAnyCameraHasBeforeDecodingThem() throws IOException {
    Path file = dir.resolve("huge.png");
    Files.write(file, pngHeader(60_000, 50_000));
    assertThatThrownBy(() -> ImageFile.read(file))
        .isInstanceOf(MixerException.class)
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
          .isInstanceOf(MixerException.class)
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
          .isInstanceOf(MixerException.class)
          .hasMessageContaining(file.toString());
    }
  }

  private static final Path FIXTURES = Path.of("src/test/resources/fixtures/images");

  static Stream<String> files() throws IOException {
    try (Stream<Path> files = Files.list(FIXTURES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".expected.png"))
          .sorted()
          .toList()
          .stream();
    }
  }

  /** Of every color space, turned in every way, in both byte orders: Pillow's levels. */
  @ParameterizedTest
  @MethodSource("files")
  void givesPillowsPixels(String name) throws IOException {
    BufferedImage image = ImageFile.read(FIXTURES.resolve(name));
    Path expected = FIXTURES.resolve(name.replaceFirst("\\.[a-z]+$", ".expected.png"));
    BufferedImage wanted = ImageIO.read(expected.toFile());
    assertThat(image.getWidth()).isEqualTo(wanted.getWidth());
    assertThat(image.getHeight()).isEqualTo(wanted.getHeight());
    byte[] found = new Pixels(image, 3).all();
    byte[] pillows = new Pixels(wanted, 3).all();
    int largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs((found[i] & 0xff) - (pillows[i] & 0xff)));
    }
    assertThat(largest).isLessThanOrEqualTo(name.endsWith(".png") ? 0 : 2);
  }

  @Test
  @ResourceLock(Resources.SYSTEM_PROPERTIES)
  void aSwitchLeavesImagesAsTheyAreStored() throws IOException {
    Path file = FIXTURES.resolve("orientation_6.jpg");
    assertThat(ImageFile.read(file).getHeight()).isEqualTo(44);
    System.setProperty("mixer4j.orientation", "stored");
    try {
      assertThat(ImageFile.read(file).getHeight()).isEqualTo(30);
    } finally {
      System.clearProperty("mixer4j.orientation");
    }
  }

  @Test
  void exifDataOfAnyDamageAreNoReasonToRefuseAnImage() throws IOException {
    byte[] file = Files.readAllBytes(FIXTURES.resolve("orientation_6.jpg"));
    byte[] png = Files.readAllBytes(FIXTURES.resolve("palette_orientation_8.png"));
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = i % 2 == 0 ? file.clone() : png.clone();
      for (int k = 0; k < 3; k++) {
        damaged[random.nextInt(120)] = (byte) random.nextInt(256);
      }
      assertThat(Orientation.of(Arrays.copyOf(damaged, random.nextInt(damaged.length))))
          .isNotNull();
    }
  }

  /** 3,000 scans, each of which takes as long as all of a usual image. */
  @Test
  void refusesAJpegOfThousandsOfScans() throws IOException {
    byte[] whole =
        Files.readAllBytes(write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "jpeg"));
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    many.write(whole, 0, whole.length - 2);
    for (int i = 0; i < 3000; i++) {
      many.writeBytes(SCAN);
    }
    Path file = Files.write(dir.resolve("scans.jpg"), many.toByteArray());
    assertThatThrownBy(() -> ImageFile.read(file))
        .isInstanceOf(MixerException.class)
        .hasMessage(file + ": expected a JPEG of at most 100 scans, found 3001; save it again");
  }

  /** As cameras write it into each photo. */
  @Test
  void aSmallPictureInsideIsNoScan() throws IOException {
    byte[] photo =
        Files.readAllBytes(write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "jpeg"));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(photo, 0, 2);
    ByteBuffer segment =
        ByteBuffer.allocate(2 + 4000).putShort((short) 0xffe1).putShort((short) 4000);
    while (segment.remaining() >= SCAN.length) {
      segment.put(SCAN);
    }
    file.writeBytes(segment.array());
    file.write(photo, 2, photo.length - 2);
    assertThat(ImageFile.decode(file.toByteArray()).getWidth()).isEqualTo(8);
  }

  /** All of it is kept until the last scan, beside the pixels. */
  @Test
  void refusesAProgressiveJpegThatIsTooLarge() throws IOException {
    byte[] file =
        Files.readAllBytes(write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "jpeg"));
    int frame = 0;
    while (file[frame] != (byte) 0xff || file[frame + 1] != (byte) 0xc0) {
      frame++;
    }
    ByteBuffer.wrap(file).putShort(frame + 5, (short) 8000).putShort(frame + 7, (short) 8000);
    byte[] twoScans = Arrays.copyOf(file, file.length + SCAN.length);
    System.arraycopy(SCAN, 0, twoScans, file.length - 2, SCAN.length); // before the end
    twoScans[twoScans.length - 2] = (byte) 0xff;
    twoScans[twoScans.length - 1] = (byte) 0xd9;
    assertThatThrownBy(() -> ImageFile.decode(twoScans))
        .hasMessageContaining("bytes of pixels, found 8000 x 8000 pixels of 48 bits");
  }

  @Test
  void refusesMoreMemoryThanAnImageNeeds() throws IOException {
    byte[] bytes = pngHeader(10_000, 9_000);
    bytes[24] = 16; // bits
    bytes[25] = 6; // colors and transparency
    CRC32 crc = new CRC32();
    crc.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) crc.getValue());
    assertThatThrownBy(() -> ImageFile.decode(bytes))
        .hasMessageContaining("at most 300000000 bytes of pixels, found 10000 x 9000 pixels of 64");
  }

  @Test
  void namesOtherFormatsAndThingsThatAreNoFile() throws IOException {
    Path webp =
        Files.write(dir.resolve("a.jpg"), "RIFF....WEBPVP8 ".getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> ImageFile.read(webp)).hasMessageContaining("found WebP; convert it");
    assertThatThrownBy(() -> ImageFile.read(dir)).hasMessageContaining("found a folder, a pipe or");
    assertThatThrownBy(() -> ImageFile.read(dir.resolve("no.png")))
        .isInstanceOf(NoSuchFileException.class);
  }
}
