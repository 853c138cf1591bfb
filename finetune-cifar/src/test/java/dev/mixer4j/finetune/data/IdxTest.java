package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {

  @TempDir Path dir;
  private Path images;
  private Path labels;

  @BeforeEach
  void makeFiles() throws IOException {
    images = dir.resolve("train-images-idx3-ubyte");
    labels = dir.resolve("train-labels-idx1-ubyte");
    Files.write(images, idx(0x803, new int[] {3, 2, 2}, 12));
    Files.write(labels, idx(0x801, new int[] {3}, 3));
  }

  /** Values 0, 1, 2 and so on. */
  private static byte[] idx(int magic, int[] sizes, int values) {
    ByteBuffer file = ByteBuffer.allocate(4 + 4 * sizes.length + values).putInt(magic);
    Arrays.stream(sizes).forEach(file::putInt);
    for (int i = 0; i < values; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  private LabelledImages train(int limit) throws IOException {
    return train(limit, 3);
  }

  private LabelledImages train(int limit, int channels) throws IOException {
    DatasetRequest request = new DatasetRequest(32, channels, OptionalDouble.empty(), 0);
    return Datasets.open(dir, request).train(limit);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(message);
  }

  @Test
  void grayBecomesThreeChannels() throws IOException {
    LabelledImages train = train(ALL);
    assertThat(DataFixtures.labels(train)).containsExactly(0, 1, 2);
    assertThat(DataFixtures.pixels(train.slice(1, 2)))
        .containsExactly(4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7);
  }

  @Test
  void grayStaysGrayUnlessAsked() throws IOException {
    for (int channels : new int[] {0, 1}) {
      LabelledImages train = train(ALL, channels);
      assertThat(train.channels()).isEqualTo(1);
      assertThat(DataFixtures.pixels(train.slice(1, 2))).containsExactly(4, 5, 6, 7);
    }
    assertThat(Datasets.open(dir, DatasetRequest.of(32)).channels()).isEqualTo(1);
  }

  @Test
  void wrongMagic() throws IOException {
    Files.write(images, idx(0x801, new int[] {3}, 12));
    assertRefused(
        images
            + ": expected an IDX file of 3 dimensions of unsigned bytes, which starts with"
            + " 0x00000803, found 0x00000801");
    Files.write(labels, idx(0xd01, new int[] {3}, 12)); // floats
    assertRefused("which starts with 0x00000801, found 0x00000d01");
  }

  @Test
  void wrongSizes() throws IOException {
    Files.write(images, idx(0x803, new int[] {2, 2, 2}, 8));
    assertRefused(images + ": expected 3 images, as " + labels + " has labels, found 2");
    Files.write(images, idx(0x803, new int[] {3, 0, 2}, 0));
    assertRefused(images + ": byte 8: expected a size above 0, found 0");
    Files.write(images, idx(0x803, new int[] {3, 2, -1}, 12));
    assertRefused("byte 12: expected a size above 0, found 4294967295");
    Files.write(images, idx(0x803, new int[] {3, 2, 4097}, 12));
    assertRefused("at most 4096 x 4096 pixels, found 4097 x 2");
    Files.write(images, idx(0x803, new int[] {3, 2, 1}, 12));
    assertRefused(images + ": expected the end at byte 22, found more");
    assertThat(train(2).size()).as("what comes before is not looked at").isEqualTo(2);
  }

  @Test
  void cutOff() throws IOException {
    Files.write(images, idx(0x803, new int[] {3, 2, 2}, 10));
    assertRefused(images + ": expected 4 more bytes at byte 24, found 2; the file is cut off");
    Files.write(images, new byte[] {0, 0, 8});
    assertRefused(images + ": expected 4 more bytes at byte 0, found 3");
    Files.write(labels, idx(0x801, new int[] {3}, 2));
    Files.write(images, idx(0x803, new int[] {3, 2, 2}, 12));
    assertRefused(labels + ": expected 1 more bytes at byte 10, found 0");
  }

  @Test
  void cutOffOrDamagedWherePacked() throws IOException {
    Files.delete(images);
    images = dir.resolve("train-images-idx3-ubyte.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(images))) {
      out.write(idx(0x803, new int[] {3, 2, 2}, 12));
    }
    assertThat(train(ALL).size()).isEqualTo(3);
    byte[] whole = Files.readAllBytes(images);
    for (int length = 0; length < whole.length; length++) {
      Files.write(images, Arrays.copyOf(whole, length));
      assertRefused(images.toString());
    }
    whole[whole.length - 6]++; // of the CRC
    Files.write(images, whole);
    assertRefused(images.toString());
  }

  @Test
  void labelsThatAreNoDigits() throws IOException {
    byte[] wrong = idx(0x801, new int[] {3}, 3);
    wrong[9] = 10;
    Files.write(labels, wrong);
    assertRefused(labels + ": label 1: expected 0 to 9, found 10");
    wrong[9] = (byte) 0xff;
    Files.write(labels, wrong);
    assertRefused("found 255");
  }

  @Test
  void missingFiles() throws IOException {
    assertThatThrownBy(() -> Datasets.open(dir, DatasetRequest.of(32)).test(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(dir + ": expected t10k-labels-idx1-ubyte, packed (.gz) or not");
    Files.delete(labels);
    assertRefused("expected train-labels-idx1-ubyte");
  }
}
