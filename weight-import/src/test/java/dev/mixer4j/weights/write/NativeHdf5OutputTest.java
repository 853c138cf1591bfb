package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Origin;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.TensorDifference;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the HDF Group's library writes for us. */
class NativeHdf5OutputTest extends Hdf5OutputTest {

  @TempDir private Path folder;

  @BeforeEach
  void loads() {
    assumeTrue(NativeHdf5.isAvailable(), "the library has no build for this machine");
  }

  @Override
  Hdf5Target create(Path path) throws IOException {
    return new NativeHdf5Output(path);
  }

  /** The file is complete as far as it goes: CheckpointWriter does not give it its name. */
  @Test
  @Override
  void unfinishedFileIsNone() throws IOException {
    try (Hdf5Target out = create(folder.resolve("a.h5"))) {
      out.attribute("whole", 1);
    }
    Files.delete(folder.resolve("a.h5"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 5000})
  void bothWritersGiveTheSameContent(int classes) throws IOException {
    List<String> names =
        IntStream.range(0, classes).mapToObj(i -> "class %d 猫".formatted(i)).toList();
    RandomWeights weights =
        new RandomWeights(
            RandomWeights.TINY.withClasses(classes),
            new ModelInfo(
                names, Optional.empty(), Optional.of(new Origin("pth", "ab".repeat(32)))));
    Path library = write(weights, "library.h5");
    System.setProperty("mixer4j.hdf5", "java");
    Path java;
    try {
      java = write(weights, "java.h5");
    } finally {
      System.clearProperty("mixer4j.hdf5");
    }
    assertThat(isJavas(library)).isFalse();
    assertThat(isJavas(java)).isTrue();
    try (Checkpoint a = Checkpoint.open(library);
        Checkpoint b = Checkpoint.open(java)) {
      assertThat(a.network()).isEqualTo(b.network()).isEqualTo(weights.network());
      assertThat(a.info()).isEqualTo(b.info()).isEqualTo(weights.info());
      for (String name : weights.network().shapes().keySet()) {
        assertThat(TensorDifference.of(name, a, b).isNone()).as(name).isTrue();
        assertThat(TensorDifference.of(name, a, weights).isNone()).as(name).isTrue();
      }
    }
  }

  private Path write(RandomWeights weights, String name) throws IOException {
    Path file = folder.resolve(name);
    CheckpointWriter.write(file, TargetFormat.H5, weights, weights.info(), false, bytes -> {});
    return file;
  }

  /** Java's writer puts the root group last, the library first: its address in the superblock. */
  private static boolean isJavas(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.getLong(36) > 500;
  }

  @Test
  void theSameWeightsMakeTheSameFile() throws IOException {
    RandomWeights weights = new RandomWeights(RandomWeights.TINY, List.of("a", "b"));
    assertThat(write(weights, "a.h5")).hasSameBinaryContentAs(write(weights, "b.h5"));
  }

  /** The library must not crash a process whose files cannot grow any more. */
  @Test
  void aFullDiskIsAnErrorAndNoCrash() throws Exception {
    Path bash = Path.of("/bin/bash");
    assumeTrue(Files.exists(bash));
    Path file = folder.resolve("full.h5");
    String limited = "ulimit -f 12000; exec \"$@\""; // 12 MB
    Process process =
        new ProcessBuilder(
                bash.toString(),
                "-c",
                limited,
                "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                NativeHdf5OutputTest.class.getName(),
                file.toString(),
                "16000000")
            .redirectErrorStream(true)
            .start();
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    process.getInputStream().transferTo(output);
    assertThat(output.toString(StandardCharsets.UTF_8)).contains("is the disk full");
    assertThat(process.waitFor()).isOne(); // Java's code for an exception
  }

  @Test
  void aFolderThatIsNotThereIsAnError() {
    Path file = folder.resolve("missing").resolve("a.h5");
    assertThatThrownBy(() -> create(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing");
  }

  /** In a process of its own, since the library is loaded once. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void printsNothingAndDoesWithoutTheLibrary(boolean withLibrary) throws Exception {
    String path = System.getProperty("java.class.path");
    String classPath =
        withLibrary ? path : path.replaceAll("[^:;]*hdf5-[^:;]*-(linux|windows|macosx)[^:;]*", "");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", // which Java 25 warns without
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=1m",
                "-cp",
                classPath,
                NativeHdf5OutputTest.class.getName(),
                folder.resolve("a.h5").toString())
            .redirectErrorStream(true)
            .start();
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    process.getInputStream().transferTo(output);
    assertThat(process.waitFor()).isZero();
    assertThat(output.toString(StandardCharsets.UTF_8).strip())
        .isEqualTo("library: " + withLibrary);
  }

  /** Writes a file and says how. */
  public static void main(String... args) throws IOException {
    try (Hdf5Target out = Hdf5Target.create(Path.of(args[0]))) {
      int count = args.length > 1 ? Integer.parseInt(args[1]) / 4 : 2;
      out.dataset("a/b", new long[] {count}, ByteBuffer.allocateDirect(4 * count));
      out.texts("names", List.of("a", "b"));
      out.finish();
    }
    System.out.println("library: " + NativeHdf5.isAvailable());
  }
}
