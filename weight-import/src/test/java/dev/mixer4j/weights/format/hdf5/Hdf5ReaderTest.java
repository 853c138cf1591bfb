package dev.mixer4j.weights.format.hdf5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F32BE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F32LE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F64LE_g;
import static org.bytedeco.hdf5.global.hdf5.H5T_STD_I32LE_g;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.Hdf5Edit;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.Metadata;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.Source;
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
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Hdf5ReaderTest {

  private static final MixerConfig CONFIG =
      RandomWeights.TINY
          .withGelu(Gelu.TANH)
          .withNormalization(new Rgb(0.1f, 0.2f, 0.3f), new Rgb(0.4f, 0.5f, 0.6f));
  private static final RandomWeights WEIGHTS = new RandomWeights(CONFIG, List.of("Katze", "犬"));
  private static final Source SOURCE = new Source("pth", "ab".repeat(32));

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("a.h5");
    CheckpointWriter.write(file, TargetFormat.H5, WEIGHTS, SOURCE, false, bytes -> {});
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
      assertThat(h5.metadata())
          .contains(
              new Metadata(
                  Gelu.TANH,
                  CONFIG.layerNormEpsilon(),
                  CONFIG.mean(),
                  CONFIG.std(),
                  Optional.empty(),
                  List.of("Katze", "犬"),
                  SOURCE));
      assertThat(h5.tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(CONFIG.variables().keySet());
      for (TensorInfo tensor : h5.tensors().values()) {
        assertThat(tensor.shape()).isEqualTo(CONFIG.variables().get(tensor.name()));
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
        "gelu",
        "layer_norm_epsilon",
        "mean",
        "std",
        "source_format",
        "source_sha256"
      })
  void missingAttribute(String name) {
    edit(h5 -> h5.deleteAttribute(name));
    assertRefused(UnsupportedFileException.class, "no attribute '" + name + "'", "import-weights");
  }

  static Stream<Arguments> attributesOfOtherTypes() {
    return Stream.of(
        Arguments.of("format_version", "expected Integer, found String of shape []"),
        Arguments.of("gelu", "expected String, found Integer of shape []"),
        Arguments.of("layer_norm_epsilon", "expected Float, found float of shape [2]"),
        Arguments.of("mean", "expected float[], found Integer of shape []"),
        Arguments.of("std", "expected float[], found Integer of shape []"),
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
      case "layer_norm_epsilon" -> edit(h5 -> h5.attribute(name, 1e-6f, 1e-6f));
      default -> edit(h5 -> h5.attribute(name, 1));
    }
    assertRefused(MalformedFileException.class, "attribute '" + name + "': " + problem);
  }

  @Test
  void attributesOfOtherValues() {
    edit(h5 -> h5.attribute("format_version", 2));
    assertRefused(UnsupportedFileException.class, "format_version: expected 1, found 2", "newer");
    edit(h5 -> h5.attribute("format_version", 1).attribute("gelu", "relu"));
    assertRefused(MalformedFileException.class, "attribute 'gelu'", "not 'relu'");
    edit(h5 -> h5.attribute("gelu", "erf").attribute("transform", "squash nearest"));
    assertRefused(
        MalformedFileException.class, "attribute 'transform': expected", "found 'squash nearest'");
    edit(h5 -> h5.deleteAttribute("transform").attribute("mean", 0.5f, 0.5f));
    assertRefused(MalformedFileException.class, "attribute 'mean': expected 3, found 2");
    edit(h5 -> h5.attribute("mean", 0, 0, Float.NaN));
    assertRefused(MismatchException.class, "mean must be finite");
    edit(h5 -> h5.attribute("mean", 0, 0, 0).attribute("std", 1, 0, 1));
    assertRefused(MismatchException.class, "std must be above 0");
  }

  @Test
  void textOfFixedLengthIsTextToo() throws IOException {
    edit(h5 -> h5.attribute("gelu", "erf").attribute("source_format", "npz"));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.config().gelu()).isEqualTo(Gelu.ERF);
      assertThat(checkpoint.source()).contains(new Source("npz", SOURCE.sha256()));
    }
  }

  @Test
  void otherProgramsHdf5() {
    edit(h5 -> CONFIG.variables().keySet().stream().map(n -> "/" + n).forEach(h5::delete));
    edit(h5 -> h5.deleteAttribute("format_version").deleteAttribute("gelu"));
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
    assertRefused(MismatchException.class, "1 of 19 tensors are not a Mixer's", "names: more;");
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
    assertRefused(MalformedFileException.class, "not a sound HDF5 file");
  }

  @Test
  void groupThatHoldsItself() throws IOException {
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
    assertRefused(MalformedFileException.class, "not a sound HDF5 file", "hecksum");
  }

  private static void putLong(byte[] bytes, int at, long value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
  }
}
