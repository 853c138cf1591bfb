package dev.mixer4j.weights.format.hdf5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F32BE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F32LE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F64LE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_STD_I32LE_g;

import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.Hdf5Edit;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import io.jhdf.checksum.ChecksumUtils;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Hdf5ReaderTest {

  private static final Mixer CONFIG =
      RandomWeights.TINY
          .withGelu(Gelu.TANH)
          .withInput(
              RandomWeights.TINY
                  .input()
                  .withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(0.4f, 0.5f, 0.6f)));
  private static final RandomWeights WEIGHTS = new RandomWeights(CONFIG, List.of("Katze", "犬"));
  private static final Origin SOURCE = new Origin("pth", "ab".repeat(32));

  private static final LeNet5 LENET = new LeNet5(ImageInput.square(28, 1), 10);

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("a.h5");
    CheckpointWriter.write(
        file, TargetFormat.H5, WEIGHTS, WEIGHTS.info().withOrigin(SOURCE), false, bytes -> {});
  }

  private void edit(Consumer<Hdf5Edit> edit) {
    try (Hdf5Edit open = new Hdf5Edit(file)) {
      edit.accept(open);
    }
  }

  private void assertRefused(Class<? extends WeightsException> kind, String... problem) {
    assertThatThrownBy(() -> Checkpoint.open(file).close())
        .isInstanceOf(kind)
        .hasMessageStartingWith(file.toString())
        .hasMessageContainingAll(problem);
  }

  @Test
  void tensorsAndMetadata() throws IOException {
    try (TensorFile h5 = TensorFiles.open(file)) {
      assertThat(h5.format()).isEqualTo(Format.H5);
      assertThat(h5.notes())
          .containsOnlyKeys("network", "source_format", "source_sha256", "class_names")
          .containsEntry("network", NetworkJson.write(CONFIG).toString())
          .containsEntry("class_names", "[\"Katze\",\"犬\"]")
          .containsEntry("source_format", "pth")
          .containsEntry("source_sha256", SOURCE.sha256());
      assertThat(h5.tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(CONFIG.shapes().keySet());
      for (TensorInfo tensor : h5.tensors().values()) {
        assertThat(tensor.shape()).isEqualTo(CONFIG.shapes().get(tensor.name()));
        FloatBuffer values = FloatBuffer.allocate(tensor.elements());
        h5.read(tensor.name(), values);
        assertThat(values.array()).isEqualTo(WEIGHTS.values(tensor.name()));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "format_version",
        "network",
      })
  void missingAttribute(String name) {
    edit(h5 -> h5.deleteAttribute(name));
    assertRefused(UnsupportedFileException.class, "no attribute '" + name + "'", "import-weights");
  }

  static Stream<Arguments> attributesOfOtherTypes() {
    return Stream.of(
        Arguments.of("format_version", "expected Integer, found String of shape []"),
        Arguments.of("network", "expected String, found Integer of shape []"),
        Arguments.of("source_format", "expected String, found Integer of shape []"),
        Arguments.of("source_sha256", "expected String, found Integer of shape []"),
        Arguments.of("transform", "expected String, found Integer of shape []"),
        Arguments.of("class_names", "expected String[], found Integer of shape []"));
  }

  @ParameterizedTest
  @MethodSource("attributesOfOtherTypes")
  void attributeOfAnotherType(String name, String problem) {
    switch (name) {
      case "format_version" -> edit(h5 -> h5.attribute(name, "one"));
      default -> edit(h5 -> h5.attribute(name, 1));
    }
    assertRefused(MalformedFileException.class, "attribute '" + name + "': " + problem);
  }

  @Test
  void attributesOfOtherValues() {
    edit(h5 -> h5.attribute("format_version", 3));
    assertRefused(UnsupportedFileException.class, "format_version: expected 2, found 3", "newer");
    edit(h5 -> h5.attribute("format_version", 1));
    assertRefused(UnsupportedFileException.class, "expected 2, found 1", "convert the weights");
    edit(h5 -> h5.attribute("format_version", 2).attribute("transform", "squash nearest"));
    assertRefused(MalformedFileException.class, "expected", "found 'squash nearest'");
    edit(h5 -> h5.deleteAttribute("transform").attribute("network", "{"));
    assertRefused(MalformedFileException.class, "network: not valid JSON");
    edit(h5 -> h5.attribute("network", "[]"));
    assertRefused(MalformedFileException.class, "network: expected a JSON object, found []");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"mixer\" | \"transformer\" | family: expected one of [mixer, lenet5, resnet, ",
        "\"gelu\":\"tanh\" | \"gelu\":\"relu\" | gelu: expected one of [erf, tanh], found \"relu\"",
        "\"gelu\":\"tanh\" | \"other\":1 | mixer has no setting 'other'",
        "\"patch_size\":2, | `` | patch_size: expected a whole number, found none",
        "\"patch_size\":2 | \"patch_size\":2.5 | patch_size: expected a whole number, found 2.5",
        "\"mean\":[0.1,0.2,0.3] | \"mean\":[0.1,0.2] | one for each of 3 channels",
        "\"mean\":[0.1,0.2,0.3] | \"mean\":[0,0,\"NaN\"] | mean must be finite",
        "\"std\":[0.4,0.5,0.6] | \"std\":[1,0,1] | std must be above 0",
        "\"mean\":[0.1,0.2,0.3] | \"mean\":7 | mean: expected a list of numbers, found 7",
        "\"mean\":[0.1,0.2,0.3] | \"mean\":[0,null,0] | mean: expected a list of numbers, found [0,",
        "\"mean\":[0.1,0.2,0.3] | \"mean\":[0,\"a\",0] | mean: expected a list of numbers, found [0,",
        "\"height\" | \"depth\" | input has no setting 'depth'; it has [height, width, channels,",
        "\"gelu\":\"tanh\" | \"gelu\":1 | gelu: expected one of [erf, tanh], found 1",
        "\"gelu\":\"tanh\" | \"gelu\":\"\" | gelu: expected one of [erf, tanh], found \"\"",
        "\"patch_size\":2 | \"patch_size\":3000000000 | patch_size: expected a whole number, found 3",
        "\"patch_size\":2 | \"patch_size\":null | patch_size: expected a whole number, found null",
      })
  void networksThatAreNone(String from, String to, String problem) {
    String network = NetworkJson.write(CONFIG).toString();
    assertThat(network).contains(from);
    edit(h5 -> h5.attribute("network", network.replace(from, to)));
    assertRefused(MalformedFileException.class, "its description: ", problem);
  }

  @Test
  void aNetworkThatItsTensorsDoNotMakeUpIsRefusedWithTheTensor() {
    Mixer wide = Mixer.of(4, 2, 3, 1, 2, 6, 2);
    edit(h5 -> h5.attribute("network", NetworkJson.write(wide).toString()));
    assertRefused(
        MismatchException.class,
        "tensor 'MixerBlock_0/channel_mixing/Dense_0/kernel': expected shape [3, 6]",
        "found shape [3, 5]");
    edit(h5 -> h5.attribute("network", NetworkJson.write(LENET).toString()));
    assertRefused(MismatchException.class, "the closest is a mixer", "holds a lenet5 (input 28");
  }

  @Test
  void textOfFixedLengthIsTextToo() throws IOException {
    edit(
        h5 ->
            h5.attribute("network", NetworkJson.write(CONFIG.withGelu(Gelu.ERF)).toString())
                .attribute("source_format", "npz"));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(Fixtures.mixer(checkpoint).gelu()).isEqualTo(Gelu.ERF);
      assertThat(checkpoint.info().origin()).contains(new Origin("npz", SOURCE.sha256()));
    }
  }

  @Test
  void otherProgramsHdf5() {
    edit(h5 -> CONFIG.shapes().keySet().stream().map(n -> "/" + n).forEach(h5::delete));
    edit(h5 -> h5.deleteAttribute("format_version").deleteAttribute("network"));
    assertRefused(UnsupportedFileException.class, "expected an HDF5 file that import-weights");
  }

  @Test
  void bigEndianDataset() throws IOException {
    edit(h5 -> h5.delete("stem/bias").dataset("stem/bias", H5T_IEEE_F32BE_g(), false, 1, -2, 3.5f));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(Fixtures.values(checkpoint, "stem/bias")).containsExactly(1, -2, 3.5f);
    }
  }

  @Test
  void float64IsReadToo() throws IOException {
    edit(h5 -> h5.delete("stem/bias").dataset("stem/bias", H5T_IEEE_F64LE_g(), false, 1, -2, 3.5f));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(Fixtures.values(checkpoint, "stem/bias")).containsExactly(1, -2, 3.5f);
    }
  }

  @Test
  void datasetsOfOtherKinds() {
    String problem = "dataset 'stem/bias': expected floating-point numbers in one piece";
    edit(h5 -> h5.delete("stem/bias").dataset("stem/bias", H5T_STD_I32LE_g(), false, 1, 2, 3));
    assertRefused(UnsupportedFileException.class, problem);
    edit(h5 -> h5.delete("stem/bias").dataset("stem/bias", H5T_IEEE_F32LE_g(), true, 1, 2, 3));
    assertRefused(UnsupportedFileException.class, problem);
  }

  @Test
  void linksAreNotFollowed() throws IOException {
    Path other = Files.copy(file, folder.resolve("other.h5"));
    edit(h5 -> h5.softLink("/stem/bias", "/stem/alias"));
    assertRefused(UnsupportedFileException.class, "'stem/alias' is neither", "not followed");
    edit(h5 -> h5.delete("stem/alias").delete("stem/bias"));
    edit(h5 -> h5.externalLink(other.toString(), "/stem/bias", "/stem/bias"));
    assertThatThrownBy(() -> Checkpoint.open(file).close())
        .isInstanceOf(WeightsException.class)
        .hasMessageStartingWith(file.toString());
  }

  @Test
  void groupWithinItself() {
    edit(h5 -> h5.hardLink("/MixerBlock_0", "/MixerBlock_0/token_mixing/again"));
    assertRefused(MalformedFileException.class, "token_mixing/again/' is there twice");
  }

  @Test
  void groupsNestedTooDeeply() {
    edit(
        h5 -> {
          for (int depth = 1; depth <= 9; depth++) {
            h5.group("/g".repeat(depth));
          }
        });
    assertRefused(MalformedFileException.class, "nested deeper than 8");
  }

  @Test
  void datasetThatIsNoVariable() {
    edit(h5 -> h5.dataset("more", H5T_IEEE_F32LE_g(), false, 1));
    assertRefused(MismatchException.class, "1 of 19 tensors have names that are not Flax's: more;");
  }

  @Test
  void fileThatIsCutOff() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertRefused(
        MalformedFileException.class,
        "expected %d bytes, found %d: the file is cut off"
            .formatted(whole.length, whole.length - 1));
  }

  @Test
  void fileThatShrinksWhileItIsOpen() throws IOException {
    try (TensorFile h5 = TensorFiles.open(file)) {
      Files.write(file, new byte[8]);
      assertThatThrownBy(() -> h5.read("stem/bias", FloatBuffer.allocate(3)))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll(file.toString(), "'stem/bias': expected 12 bytes, found 0");
    }
  }

  @Test
  void treeThatPointsAtItself() throws IOException {
    // The root group's B-tree, as h5py writes one, becomes a node of level 1 whose child is itself.
    byte[] content =
        Files.readAllBytes(Path.of("src/test/resources/fixtures/sources/bfloat16.weights.h5"));
    int tree = ZipBytes.indexOf(content, "TREE", 0);
    content[tree + 5] = 1;
    putLong(content, tree + 32, tree);
    Files.write(file, content);
    assertRefused(MalformedFileException.class, "a corrupt HDF5 file");
  }

  @Test
  void groupThatHoldsItself() throws IOException {
    Files.delete(file);
    System.setProperty("mixer4j.hdf5", "java"); // whose group headers hold the links
    try {
      write();
    } finally {
      System.clearProperty("mixer4j.hdf5");
    }
    byte[] content = Files.readAllBytes(file);
    int name = ZipBytes.indexOf(content, "channel_mixing", 0);
    int header = new String(content, StandardCharsets.ISO_8859_1).lastIndexOf("OHDR", name);
    putLong(content, name + "channel_mixing".length(), header);
    int size = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(header + 6);
    byte[] checked = Arrays.copyOfRange(content, header, header + 10 + size);
    ByteBuffer.wrap(content)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(header + checked.length, ChecksumUtils.checksum(checked));
    Files.write(file, content);
    assertRefused(MalformedFileException.class, "is there twice");
  }

  @Test
  void linkWhoseChecksumIsWrong() throws IOException {
    byte[] content = Files.readAllBytes(file);
    int link = ZipBytes.indexOf(content, "channel_mixing", 0) + "channel_mixing".length();
    content[link] ^= 64; // to the next place where a header may lie
    Files.write(file, content);
    assertRefused(MalformedFileException.class, "a corrupt HDF5 file", "hecksum");
  }

  private static void putLong(byte[] bytes, int at, long value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
  }
}
