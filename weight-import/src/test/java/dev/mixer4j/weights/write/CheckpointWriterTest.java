package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.RandomWeights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointWriterTest {

  private static final Origin SOURCE = new Origin("npz", "0".repeat(64));
  private static final RandomWeights TINY = new RandomWeights(RandomWeights.TINY);

  @TempDir private Path folder;

  /** Gives all tensors but the last. */
  private record Failing(Network network) implements Model {
    @Override
    public ModelInfo info() {
      return ModelInfo.NONE;
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      if (name.equals("head/bias")) {
        throw new IllegalStateException("the source broke off");
      }
      TINY.read(name, destination);
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @EnumSource
  void aFailureInTheMiddleLeavesNothing(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    assertThatThrownBy(() -> write(target, format, new Failing(RandomWeights.TINY), false))
        .hasMessage("the source broke off");
    assertThat(content()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aFailureInTheMiddleLeavesWhatWasThere(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    write(target, format, TINY, false);
    assertThatThrownBy(() -> write(target, format, new Failing(RandomWeights.TINY), true))
        .hasMessage("the source broke off");
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(Fixtures.values(checkpoint, "stem/kernel")).isEqualTo(TINY.values("stem/kernel"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsThereIsReplacedOnlyOnRequest(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    write(target, format, TINY, false);
    RandomWeights other = new RandomWeights(RandomWeights.TINY.withClasses(9));
    assertThatThrownBy(() -> write(target, format, other, false))
        .isInstanceOf(FileAlreadyExistsException.class);
    List<Path> before = content();
    write(target, format, other, true);
    assertThat(content()).isEqualTo(before);
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.network().classes()).isEqualTo(9);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileAndAFolderAreNotTakenForEachOther(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    for (Path file : format.writer().files(target)) {
      if (format == TargetFormat.SAVED_MODEL) {
        Files.writeString(file, "somebody's notes");
      } else {
        Files.createDirectory(file);
      }
    }
    assertThatThrownBy(() -> write(target, format, TINY, true))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  /** Each into a place of its own: the last one's file stays, and it is whole. */
  @ParameterizedTest
  @EnumSource(names = {"H5", "SAFETENSORS", "NPZ"})
  void twoWritersToOneTarget(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    AtomicBoolean nested = new AtomicBoolean();
    CheckpointWriter.write(
        target,
        format,
        TINY,
        TINY.info().withOrigin(SOURCE),
        true,
        bytes -> {
          if (nested.compareAndSet(false, true)) {
            try {
              write(target, format, TINY, true);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        });
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.network().parameterCount()).isEqualTo(TINY.network().parameterCount());
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(target);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMissingFolderIsNamed(TargetFormat format) {
    assertThatThrownBy(() -> write(folder.resolve("no/out"), format, TINY, false))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("no such folder");
  }

  /** The target appears after the check: another process wrote it. */
  @ParameterizedTest
  @EnumSource
  void ofTwoWritersToANewTargetOneSucceeds(TargetFormat format) throws IOException {
    Path target = folder.resolve("out");
    RandomWeights other = new RandomWeights(RandomWeights.TINY.withClasses(9));
    AtomicBoolean nested = new AtomicBoolean();
    assertThatThrownBy(
            () ->
                CheckpointWriter.write(
                    target,
                    format,
                    TINY,
                    TINY.info(),
                    false,
                    bytes -> {
                      if (nested.compareAndSet(false, true)) {
                        try {
                          write(target, format, other, false);
                        } catch (IOException e) {
                          throw new UncheckedIOException(e);
                        }
                      }
                    }))
        .isInstanceOf(FileAlreadyExistsException.class);
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.network().classes()).isEqualTo(9);
    }
    assertThat(content()).containsExactlyInAnyOrderElementsOf(format.writer().files(target));
  }

  @Test
  void theNextWriteRemovesWhatAKilledOneLeft() throws IOException, InterruptedException {
    Process gone = new ProcessBuilder(javaCommand(), "-version").redirectErrorStream(true).start();
    gone.getInputStream().readAllBytes();
    gone.waitFor();
    Path left = Files.createDirectory(folder.resolve(".out.%d-1.part".formatted(gone.pid())));
    Files.writeString(left.resolve("out"), "half a file");
    long alive = ProcessHandle.current().pid();
    Path inWork = Files.createDirectory(folder.resolve(".out.%d-1.part".formatted(alive)));
    Path others = Files.createDirectory(folder.resolve(".out2.%d-1.part".formatted(gone.pid())));
    write(folder.resolve("out"), TargetFormat.H5, TINY, false);
    assertThat(content()).containsExactly(inWork, others, folder.resolve("out"));
  }

  private static String javaCommand() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** A claim of 4 TB is refused before anything is written. */
  @Test
  void tooLittleSpaceIsSaidBefore() throws IOException {
    Network huge = Mixer.of(4, 2, 1 << 20, 1, 2, 1 << 20, 2);
    Failing weights = new Failing(huge);
    assertThatThrownBy(() -> write(folder.resolve("out"), TargetFormat.H5, weights, false))
        .isInstanceOf(IOException.class)
        .hasMessageMatching(".*out: needs about [0-9,]+ MB, and [0-9,]+ MB are free");
    assertThat(content()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"H5", "SAFETENSORS", "SAVED_MODEL"})
  void anyClassNameComesBack(TargetFormat format) throws IOException {
    List<String> names = List.of("two\nlines\r\t", "", " \"=,\\[]é\u202e\u009b猫\ud83d\ude00\u001b");
    Path target = folder.resolve("out");
    write(target, format, new RandomWeights(RandomWeights.TINY.withClasses(3), names), false);
    try (Checkpoint checkpoint = Checkpoint.open(target)) {
      assertThat(checkpoint.info().classNames()).isEqualTo(names);
    }
  }

  private void write(Path target, TargetFormat format, Model weights, boolean overwrite)
      throws IOException {
    CheckpointWriter.write(
        target, format, weights, weights.info().withOrigin(SOURCE), overwrite, bytes -> {});
  }

  private List<Path> content() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
