package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TUint8;

class CifarBinaryTest {

  private static final int ALL = Integer.MAX_VALUE;

  @TempDir Path folder;

  @BeforeEach
  void makeData() throws IOException {
    Fixtures.cifar(folder);
  }

  private static Dataset open(Path folder) throws IOException {
    return Datasets.open(folder, DatasetRequest.of(32));
  }

  @Test
  void readsLabelsOfAllFilesInTheirOrder() throws IOException {
    LabelledImages train = open(folder).train(ALL);
    assertThat(train.size()).isEqualTo(48);
    assertThat(train.labels(0, 1, 2, 3, 29, 30, 31)).containsExactly(0, 1, 2, 0, 2, 0, 1);
    assertThat(open(folder).test(ALL).size()).isEqualTo(15);
  }

  @Test
  void turnsPlanesIntoPixels() throws IOException {
    byte[] record = new byte[3073];
    record[0] = 2;
    record[1 + 5 * 32 + 7] = (byte) 200; // red of row 5, column 7
    record[1 + 1024 + 5 * 32 + 7] = 100; // green
    record[1 + 2048 + 31 * 32] = 50; // blue of row 31, column 0
    Files.write(folder.resolve("test_batch.bin"), record);
    LabelledImages test = open(folder).test(ALL);
    assertThat(test.label(0)).isEqualTo(2);
    try (TUint8 pixels = test.pixels(0)) {
      assertThat(pixels.shape()).isEqualTo(Shape.of(1, 32, 32, 3));
      assertThat(Byte.toUnsignedInt(pixels.getByte(0, 5, 7, 0))).isEqualTo(200);
      assertThat(pixels.getByte(0, 5, 7, 1)).isEqualTo((byte) 100);
      assertThat(pixels.getByte(0, 5, 7, 2)).isZero();
      assertThat(pixels.getByte(0, 31, 0, 2)).isEqualTo((byte) 50);
    }
  }

  @Test
  void takesTheImagesAskedForInTheirOrder() throws IOException {
    LabelledImages train = open(folder).train(ALL);
    try (TUint8 several = train.pixels(31, 0);
        TUint8 one = train.pixels(31)) {
      assertThat(several.shape()).isEqualTo(Shape.of(2, 32, 32, 3));
      assertThat(several.get(0)).isEqualTo(one.get(0));
      assertThat(several.get(1)).isNotEqualTo(one.get(0));
    }
  }

  @Test
  void limitTakesTheFirstAcrossFiles() throws IOException {
    LabelledImages all = open(folder).train(ALL);
    LabelledImages some = open(folder).train(31);
    assertThat(some.size()).isEqualTo(31);
    try (TUint8 last = some.pixels(30);
        TUint8 same = all.pixels(30)) {
      assertThat(last).isEqualTo(same);
    }
    assertThat(open(folder).test(4).size()).isEqualTo(4);
  }

  @Test
  void findsTheArchivesOwnSubfolder(@TempDir Path parent) throws IOException {
    Fixtures.cifar(parent.resolve("cifar-10-batches-bin"));
    Dataset data = open(parent);
    assertThat(data.path()).isEqualTo(parent.resolve("cifar-10-batches-bin"));
    assertThat(data.train(ALL).size()).isEqualTo(48);
  }

  @Test
  void namesAreThoseOfTheFolder() throws IOException {
    assertThat(open(folder).classNames()).containsExactly("red", "green", "blue");
  }

  @Test
  void namesAreCifarsWithoutAFileOfThem() throws IOException {
    Files.delete(folder.resolve("batches.meta.txt"));
    assertThat(open(folder).classNames())
        .containsExactly(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck");
  }

  @Test
  void refusesAFileOfNoNames() throws IOException {
    Files.writeString(folder.resolve("batches.meta.txt"), "\n \n");
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("batches.meta.txt: expected 1 to 256 class names")
        .hasMessageContaining("found 0");
  }

  @Test
  void refusesAFileThatIsCutOff() throws IOException {
    Files.write(folder.resolve("data_batch_2.bin"), new byte[2 * 3073 + 100]);
    assertThatThrownBy(() -> open(folder).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("data_batch_2.bin: expected whole records of 3073 bytes")
        .hasMessageContaining("found 6246 bytes: 2 records and 100 bytes more");
  }

  @Test
  void refusesALabelWithoutAClass() throws IOException {
    byte[] records = new byte[5 * 3073];
    records[3 * 3073] = (byte) 200;
    Files.write(folder.resolve("test_batch.bin"), records);
    assertThatThrownBy(() -> open(folder).test(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(
            "test_batch.bin: record 3 at byte 9219: expected a label of 0 to 2 (3 class names),"
                + " found 200");
    assertThat(open(folder).test(3).size()).as("before that record").isEqualTo(3);
    Files.write(folder.resolve("test_batch.bin"), Fixtures.cifarRecord(3, new Random(0)));
    assertThatThrownBy(() -> open(folder).test(ALL))
        .hasMessageContaining("record 0 at byte 0: expected a label of 0 to 2")
        .hasMessageContaining("found 3");
  }

  @Test
  void acceptsTheLastClass() throws IOException {
    Files.write(folder.resolve("test_batch.bin"), Fixtures.cifarRecord(2, new Random(0)));
    assertThat(open(folder).test(ALL).label(0)).isEqualTo(2);
  }

  @Test
  void saysWhichHalfIsMissing() throws IOException {
    Files.delete(folder.resolve("test_batch.bin"));
    assertThat(open(folder).train(ALL).size()).isEqualTo(48);
    assertThatThrownBy(() -> open(folder).test(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("test_batch.bin: expected");
    Fixtures.cifar(folder);
    Files.delete(folder.resolve("data_batch_1.bin"));
    Files.delete(folder.resolve("data_batch_2.bin"));
    assertThatThrownBy(() -> open(folder).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(": expected training images beside test_batch.bin, found none");
  }

  @Test
  void refusesFilesWithoutRecords() throws IOException {
    Files.write(folder.resolve("test_batch.bin"), new byte[0]);
    assertThatThrownBy(() -> open(folder).test(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("test_batch.bin: expected images, found none");
  }
}
