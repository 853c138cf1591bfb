package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.RandomWeights;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.dataset.ContiguousDataset;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.Charset;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class Hdf5WriterTest {

  private static final Origin SOURCE = new Origin("npz", "0123456789abcdef".repeat(4));
  private static final Mixer CONFIG =
      RandomWeights.TINY.withInput(
          RandomWeights.TINY
              .input()
              .withNormalization(List.of(0.485f, 0.456f, 0.406f), List.of(0.229f, 0.224f, 0.225f)));
  private static final RandomWeights WEIGHTS =
      new RandomWeights(CONFIG, List.of("Hündin", "猫 cat"));

  @TempDir private Path folder;

  private static void write(Path target, Model weights) throws IOException {
    CheckpointWriter.write(
        target, TargetFormat.H5, weights, weights.info().withOrigin(SOURCE), false, bytes -> {});
  }

  private List<String> filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void attributesOfTheRoot() throws IOException {
    Path target = folder.resolve("a.h5");
    write(target, WEIGHTS);
    Map<String, Object> found = new TreeMap<>();
    try (HdfFile hdf = new HdfFile(target)) {
      hdf.getAttributes().forEach((name, attribute) -> found.put(name, attribute.getData()));
    }
    assertThat(found)
        .hasSize(5)
        .containsEntry("format_version", 2)
        .containsEntry(
            "network",
            "{\"family\":\"mixer\",\"input\":{\"height\":4,\"width\":4,\"channels\":3,"
                + "\"mean\":[0.485,0.456,0.406],\"std\":[0.229,0.224,0.225]},\"patch_size\":2,"
                + "\"hidden_size\":3,\"blocks\":1,\"tokens_mlp_size\":2,\"channels_mlp_size\":5,"
                + "\"classes\":2,\"gelu\":\"erf\",\"layer_norm_epsilon\":1.0E-6}")
        .containsEntry("source_format", "npz")
        .containsEntry("source_sha256", SOURCE.sha256());
    assertThat((String[]) found.get("class_names")).containsExactly("Hündin", "猫 cat");
  }

  @Test
  void classNamesAreLeftOutWhereThereAreNone() throws IOException {
    Path target = folder.resolve("a.h5");
    write(target, new RandomWeights(CONFIG.withGelu(Gelu.TANH)));
    try (HdfFile hdf = new HdfFile(target)) {
      assertThat(hdf.getAttribute("class_names")).isNull();
      assertThat(hdf.getAttribute("network").getData()).asString().contains("\"gelu\":\"tanh\"");
    }
  }

  @Test
  void oneContiguousFloat32DatasetForEachVariable() throws IOException {
    Path target = folder.resolve("a.h5");
    write(target, WEIGHTS);
    try (HdfFile hdf = new HdfFile(target)) {
      for (Map.Entry<String, Shape> variable : CONFIG.shapes().entrySet()) {
        Dataset dataset = hdf.getDatasetByPath(variable.getKey());
        assertThat(dataset).isInstanceOf(ContiguousDataset.class);
        assertThat(dataset.getJavaType()).isEqualTo(float.class);
        assertThat(Shape.of(dataset.getDimensionsAsLong())).isEqualTo(variable.getValue());
        assertThat((float[]) dataset.getDataFlat()).isEqualTo(WEIGHTS.values(variable.getKey()));
      }
    }
  }

  @Test
  void progressIsToldEveryByte() throws IOException {
    AtomicLong bytes = new AtomicLong();
    CheckpointWriter.write(
        folder.resolve("a.h5"),
        TargetFormat.H5,
        WEIGHTS,
        WEIGHTS.info().withOrigin(SOURCE),
        false,
        bytes::addAndGet);
    assertThat(bytes).hasValue(CONFIG.parameterCount() * 4);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a folder/my weights.h5", "Ordner/Gewichte für 猫.h5"})
  void pathWithSpacesAndLettersBeyondAscii(String name) throws IOException {
    // In the C locale Java itself has no such paths.
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    assumeThat(Charset.forName(encoding).newEncoder().canEncode(name)).isTrue();
    Path target = folder.resolve(name);
    Files.createDirectory(target.getParent());
    write(target, WEIGHTS);
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.info().classNames()).containsExactly("Hündin", "猫 cat");
    }
  }

  /** Weights that fail in their middle. */
  private record Failing(Network network, RuntimeException failure) implements Model {
    @Override
    public ModelInfo info() {
      return ModelInfo.NONE;
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      if (name.equals("MixerBlock_0/LayerNorm_1/scale")) {
        throw failure;
      }
      new RandomWeights(network).read(name, destination);
    }

    @Override
    public void close() {}
  }

  @Test
  void nothingIsLeftWhereTheSourceFails() throws IOException {
    RuntimeException failure = new RuntimeException("the source's own");
    Failing weights = new Failing(CONFIG, failure);
    assertThatThrownBy(() -> write(folder.resolve("new.h5"), weights)).isSameAs(failure);
    assertThat(filesInFolder()).isEmpty();

    Path old = Files.writeString(folder.resolve("old.h5"), "as it was");
    assertThatThrownBy(
            () ->
                CheckpointWriter.write(
                    old,
                    TargetFormat.H5,
                    weights,
                    weights.info().withOrigin(SOURCE),
                    true,
                    bytes -> {}))
        .isSameAs(failure);
    assertThat(old).hasContent("as it was");
    assertThat(filesInFolder()).containsExactly("old.h5");
  }

  @Test
  void weightsThatGiveTooFewNumbers() throws IOException {
    Model weights =
        new Model() {
          @Override
          public Network network() {
            return CONFIG;
          }

          @Override
          public ModelInfo info() {
            return ModelInfo.NONE;
          }

          @Override
          public void read(String name, FloatBuffer destination) {
            destination.put(1f);
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> write(folder.resolve("a.h5"), weights))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("expected 36 numbers of stem/kernel, read 1");
    assertThat(filesInFolder()).isEmpty();
  }

  @Test
  void fileThatIsThereIsReplacedOnlyWhereAllowed() throws IOException {
    Path target = Files.writeString(folder.resolve("a.h5"), "as it was");
    assertThatThrownBy(() -> write(target, WEIGHTS))
        .isInstanceOf(FileAlreadyExistsException.class)
        .hasMessage(target.toString());
    assertThat(target).hasContent("as it was");

    CheckpointWriter.write(
        target, TargetFormat.H5, WEIGHTS, WEIGHTS.info().withOrigin(SOURCE), true, bytes -> {});
    Checkpoint.open(target).close();
    assertThat(filesInFolder()).containsExactly("a.h5");
  }

  @Test
  void folderAsTarget() {
    for (boolean overwrite : new boolean[] {false, true}) {
      for (Path target : List.of(folder, folder.getRoot())) {
        assertThatThrownBy(
                () ->
                    CheckpointWriter.write(
                        target,
                        TargetFormat.H5,
                        WEIGHTS,
                        WEIGHTS.info().withOrigin(SOURCE),
                        overwrite,
                        bytes -> {}))
            .isInstanceOf(FileAlreadyExistsException.class)
            .hasMessage(target + ": it is a folder");
      }
    }
  }

  @Test
  void folderThatIsMissing() {
    Path target = folder.resolve("missing/a.h5");
    assertThatThrownBy(() -> write(target, WEIGHTS))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContainingAll(
            target.getParent() + ": no such folder to write " + target + " into");
  }

  @Test
  void folderThatIsReadOnly() throws IOException {
    assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeThat(Files.isWritable(folder)).as("root writes everywhere").isFalse();
    assertNotWritable(folder.resolve("a.h5"));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void folderThatEvenRootCannotWriteTo() {
    assertNotWritable(Path.of("/proc/self/a.h5"));
  }

  private static void assertNotWritable(Path target) {
    assertThatThrownBy(() -> write(target, WEIGHTS))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(target.getParent() + ": cannot be written to: ")
        .hasMessageNotContaining("Exception");
  }
}
