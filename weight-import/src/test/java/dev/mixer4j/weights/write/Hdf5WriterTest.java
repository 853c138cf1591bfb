package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.format.Source;
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

  private static final Source SOURCE = new Source("npz", "0123456789abcdef".repeat(4));
  private static final MixerConfig CONFIG =
      RandomWeights.TINY.withNormalization(
          new Rgb(0.485f, 0.456f, 0.406f), new Rgb(0.229f, 0.224f, 0.225f));
  private static final RandomWeights WEIGHTS =
      new RandomWeights(CONFIG, List.of("Hündin", "猫 cat"));

  @TempDir private Path folder;

  private static void write(Path target, MixerWeights weights) throws IOException {
    CheckpointWriter.write(target, TargetFormat.H5, weights, SOURCE, false, bytes -> {});
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
        .hasSize(10)
        .containsEntry("format_version", 1)
        .containsEntry("image_size", 4)
        .containsEntry("patch_size", 2)
        .containsEntry("gelu", "erf")
        .containsEntry("layer_norm_epsilon", 1e-6f)
        .containsEntry("source_format", "npz")
        .containsEntry("source_sha256", SOURCE.sha256());
    assertThat((float[]) found.get("mean")).containsExactly(0.485f, 0.456f, 0.406f);
    assertThat((float[]) found.get("std")).containsExactly(0.229f, 0.224f, 0.225f);
    assertThat((String[]) found.get("class_names")).containsExactly("Hündin", "猫 cat");
  }

  @Test
  void classNamesAreLeftOutWhereThereAreNone() throws IOException {
    Path target = folder.resolve("a.h5");
    write(target, new RandomWeights(CONFIG.withGelu(Gelu.TANH)));
    try (HdfFile hdf = new HdfFile(target)) {
      assertThat(hdf.getAttribute("class_names")).isNull();
      assertThat(hdf.getAttribute("gelu").getData()).isEqualTo("tanh");
    }
  }

  @Test
  void oneContiguousFloat32DatasetForEachVariable() throws IOException {
    Path target = folder.resolve("a.h5");
    write(target, WEIGHTS);
    try (HdfFile hdf = new HdfFile(target)) {
      for (Map.Entry<String, Shape> variable : CONFIG.variables().entrySet()) {
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
        folder.resolve("a.h5"), TargetFormat.H5, WEIGHTS, SOURCE, false, bytes::addAndGet);
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
      assertThat(checkpoint.classNames()).containsExactly("Hündin", "猫 cat");
    }
  }

  /** Weights that fail in their middle. */
  private record Failing(MixerConfig config, RuntimeException failure) implements MixerWeights {
    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      if (name.equals("MixerBlock_0/LayerNorm_1/scale")) {
        throw failure;
      }
      new RandomWeights(config).read(name, destination);
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
            () -> CheckpointWriter.write(old, TargetFormat.H5, weights, SOURCE, true, bytes -> {}))
        .isSameAs(failure);
    assertThat(old).hasContent("as it was");
    assertThat(filesInFolder()).containsExactly("old.h5");
  }

  @Test
  void weightsThatGiveTooFewNumbers() throws IOException {
    MixerWeights weights =
        new MixerWeights() {
          @Override
          public MixerConfig config() {
            return CONFIG;
          }

          @Override
          public List<String> classNames() {
            return List.of();
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

    CheckpointWriter.write(target, TargetFormat.H5, WEIGHTS, SOURCE, true, bytes -> {});
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
                        target, TargetFormat.H5, WEIGHTS, SOURCE, overwrite, bytes -> {}))
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
        .hasMessageContainingAll(target.getParent() + ": cannot be written to", "read-only");
  }
}
