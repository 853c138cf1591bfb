package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.image.ImageInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each layout gives what torchvision reads, wherever it is found. */
class DatasetsTest {

  @TempDir Path dir;

  private static Dataset open(Path path) throws IOException {
    return Datasets.open(path, DatasetRequest.of(ImageInput.square(32, 3), 0, 0));
  }

  private static void assertRead(Dataset dataset, String kind, JsonNode expected)
      throws IOException {
    assertThat(dataset.kind()).isEqualTo(kind);
    assertThat(dataset.classNames()).isEqualTo(DataFixtures.texts(expected.required("names")));
    DataFixtures.assertSame(dataset.train(ALL), expected.required("train"));
    DataFixtures.assertSame(dataset.test(ALL), expected.required("test"));
    assertThat(dataset.validation(ALL).size()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "cifar-10-binary, cifar-10-batches-bin, cifar10, 'CIFAR-10, binary version'",
    "cifar-100-binary, cifar-100-binary, cifar100, 'CIFAR-100, binary version'",
    "cifar-10-python, cifar-10-batches-py, cifar10, 'CIFAR-10, Python version'",
    "cifar-100-python, cifar-100-python, cifar100, 'CIFAR-100, Python version'"
  })
  void cifarInAnArchiveOrAFolder(String archive, String folder, String expected, String kind)
      throws IOException {
    JsonNode wanted = DataFixtures.expected(expected);
    Path packed = DataFixtures.path(archive + ".tar.gz");
    assertRead(open(packed), kind, wanted);
    assertThat(open(packed).path()).isEqualTo(packed);

    Path beside = Files.createDirectory(dir.resolve("download")).resolve(archive + ".tgz");
    Files.copy(packed, beside);
    assertRead(open(beside.getParent()), kind, wanted);
    assertThat(open(beside.getParent()).path()).isEqualTo(beside);

    Path tar = dir.resolve("archive"); // told by its content
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, tar);
    }
    assertRead(open(tar), kind, wanted);

    DataFixtures.unpack(archive + ".tar.gz", dir);
    assertRead(open(dir.resolve(folder)), kind, wanted);
    assertRead(open(dir), kind, wanted);
    assertThat(open(dir).path()).isEqualTo(dir.resolve(folder));
  }

  @Test
  void mnistPackedOrNotWhateverTheName() throws IOException {
    for (Path file : copiedMnist()) {
      String name = file.getFileName().toString();
      boolean packed = name.endsWith(".gz");
      String other = packed ? name.substring(0, name.length() - 3) : name + ".gz";
      Files.move(file, dir.resolve(other));
    }
    assertRead(open(dir), "MNIST's layout (IDX)", DataFixtures.expected("mnist"));
  }

  @Test
  void mnistWithEachFileInAFolderOfItsName() throws IOException {
    for (Path file : copiedMnist()) {
      Path moved = Files.move(file, dir.resolve("moved"));
      Files.createDirectory(file);
      Files.move(moved, file.resolve(file.getFileName()));
    }
    assertRead(open(dir), "MNIST's layout (IDX)", DataFixtures.expected("mnist"));
  }

  @Test
  void mnistPackedAndNotWithADashAndADot() throws IOException {
    JsonNode wanted = DataFixtures.expected("mnist");
    assertRead(open(DataFixtures.path("mnist")), "MNIST's layout (IDX)", wanted);
    DataFixtures.copy(DataFixtures.path("mnist"), dir.resolve("MNIST/raw"));
    assertRead(open(dir), "MNIST's layout (IDX)", wanted);
  }

  @Test
  void limitsTakeTheFirstAcrossFiles() throws IOException {
    for (String name :
        new String[] {"cifar-10-python.tar.gz", "cifar-100-binary.tar.gz", "mnist"}) {
      Dataset dataset = open(DataFixtures.path(name));
      byte[] all = DataFixtures.pixels(dataset.train(ALL));
      LabelledImages five = dataset.train(5);
      assertThat(five.size()).isEqualTo(5);
      assertThat(DataFixtures.pixels(five))
          .isEqualTo(java.util.Arrays.copyOf(all, (int) five.bytes()));
      assertThat(dataset.test(2).size()).isEqualTo(2);
    }
  }

  @Test
  void saysWhatIsReadWhereThereIsNothing() throws IOException {
    assertThatThrownBy(() -> open(dir))
        .isInstanceOf(DatasetException.class)
        .hasMessageStartingWith(dir + ": expected a data set, found none: CIFAR-10's")
        .hasMessageContaining("finetune-cifar download");
    Path empty = Files.createFile(dir.resolve("empty"));
    assertThatThrownBy(() -> open(empty))
        .isInstanceOf(DatasetException.class)
        .hasMessageContainingAll("empty: expected a tar archive", "it is cut off");
    assertThatThrownBy(() -> open(dir.resolve("nowhere")))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("nowhere: expected a data set, found no such folder or archive");
  }

  @Test
  void severalDataSetsAreNotChosenFrom() throws IOException {
    DataFixtures.unpack("cifar-10-binary.tar.gz", dir);
    DataFixtures.unpack("cifar-100-python.tar.gz", dir);
    assertThatThrownBy(() -> open(dir))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected one data set, found several: CIFAR-10, binary version in ")
        .hasMessageContaining("CIFAR-100, Python version in ");
  }

  @Test
  void labelsBeyondTheNamesAreRefused() throws IOException {
    DataFixtures.unpack("cifar-100-binary.tar.gz", dir);
    Path names = dir.resolve("cifar-100-binary/fine_label_names.txt");
    Files.writeString(names, "one\ntwo\n");
    assertThatThrownBy(() -> open(dir).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("train.bin: record 0 at byte 0: expected a label of 0 to 1");
    Files.delete(names);
    assertThatThrownBy(() -> open(dir))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("fine_label_names.txt: expected the classes' names");

    DataFixtures.unpack("cifar-10-python.tar.gz", dir.resolve("py"));
    Path meta = dir.resolve("py/cifar-10-batches-py/batches.meta");
    byte[] four =
        "\u0080\u0002}U\u000blabel_names](U\u0001aU\u0001bU\u0001cU\u0001des."
            .getBytes("ISO-8859-1");
    Files.write(meta, four);
    assertThatThrownBy(() -> open(dir.resolve("py")).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("data_batch_2: image 1: expected a label of 0 to 3 (4 class names)");
  }

  @Test
  void cutOffPicklesAreNamedWithTheByte() throws IOException {
    DataFixtures.unpack("cifar-10-python.tar.gz", dir);
    Path batch = dir.resolve("cifar-10-batches-py/data_batch_3");
    byte[] whole = Files.readAllBytes(batch);
    Files.write(batch, java.util.Arrays.copyOf(whole, 1000));
    assertThatThrownBy(() -> open(dir).train(ALL))
        .isInstanceOf(DatasetException.class)
        .hasMessage(
            batch
                + ": a corrupt pickle: it is cut off: data of 6144 bytes at byte 214, 786 are"
                + " left; is the file whole?");
    assertThat(open(dir).train(4).size()).as("before that file").isEqualTo(4);
    Files.write(batch, java.util.Arrays.copyOf(whole, 21));
    assertThatThrownBy(() -> open(dir).train(ALL)).hasMessageContaining("cut off at byte 21");
  }

  private List<Path> copiedMnist() throws IOException {
    DataFixtures.copy(DataFixtures.path("mnist"), dir);
    try (Stream<Path> files = Files.list(dir)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
