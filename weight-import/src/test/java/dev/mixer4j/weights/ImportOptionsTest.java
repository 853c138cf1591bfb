package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Origin;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link ImportOptions} change in a {@link Checkpoint}. */
class ImportOptionsTest {

  private static final Mixer CONFIG =
      RandomWeights.TINY
          .withGelu(Gelu.TANH)
          .withInput(
              RandomWeights.TINY
                  .input()
                  .withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(0.4f, 0.5f, 0.6f)));
  private static final RandomWeights WEIGHTS = new RandomWeights(CONFIG, List.of("cat", "dog"));
  private static final Origin SOURCE = new Origin("safetensors", "cd".repeat(32));

  @TempDir private Path folder;
  private Path h5;
  private Path timm;

  @BeforeEach
  void write() throws IOException {
    h5 = folder.resolve("a.h5");
    CheckpointWriter.write(
        h5, TargetFormat.H5, WEIGHTS, WEIGHTS.info().withOrigin(SOURCE), false, bytes -> {});
    timm = TimmState.of(WEIGHTS).write(folder.resolve("a.safetensors"));
  }

  private static ImportOptions classes(Integer classes) {
    return new ImportOptions(classes, Map.of(), null, null);
  }

  @Test
  void noneLeavesEverythingAsTheFileHasIt() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(h5)) {
      assertThat(checkpoint.network()).isEqualTo(CONFIG);
      assertThat(checkpoint.info().classNames()).containsExactly("cat", "dog");
      assertThat(checkpoint.info().origin()).contains(SOURCE);
      assertThat(checkpoint.ignored()).isEmpty();
      assertThat(Fixtures.values(checkpoint, "head/kernel"))
          .isEqualTo(WEIGHTS.values("head/kernel"));
    }
  }

  @Test
  void classesGiveAZeroHead() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(timm, classes(7))) {
      assertThat(checkpoint.network().classes()).isEqualTo(7);
      assertThat(checkpoint.ignored()).containsExactly("head.weight", "head.bias");
      assertThat(checkpoint.used()).doesNotContainKeys("head.weight", "head.bias");
      assertThat(Fixtures.values(checkpoint, "head/kernel")).isEqualTo(new float[3 * 7]);
      assertThat(Fixtures.values(checkpoint, "head/bias")).isEqualTo(new float[7]);
      assertThat(Fixtures.values(checkpoint, "stem/bias")).isEqualTo(WEIGHTS.values("stem/bias"));
    }
  }

  @Test
  void classesOfTheSameNumberGiveAZeroHeadToo() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(h5, classes(2))) {
      assertThat(checkpoint.info().classNames()).isEmpty();
      assertThat(checkpoint.ignored()).containsExactly("head/kernel", "head/bias");
      assertThat(Fixtures.values(checkpoint, "head/kernel")).containsOnly(0);
    }
  }

  @Test
  void zeroClassesDropTheHead() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(h5, classes(0))) {
      assertThat(checkpoint.network()).isEqualTo(CONFIG.withClasses(0));
      assertThat(checkpoint.network().shapes()).doesNotContainKey("head/kernel");
      assertThat(checkpoint.info().classNames()).isEmpty();
      assertThat(checkpoint.ignored()).containsExactly("head/kernel", "head/bias");
    }
  }

  @Test
  void classesWhereThereIsNoHead() throws IOException {
    Path headless =
        TimmState.of(WEIGHTS).remove("head.weight").remove("head.bias").write(folder.resolve("b"));
    try (Checkpoint plain = Checkpoint.open(headless);
        Checkpoint checkpoint = Checkpoint.open(headless, classes(4))) {
      assertThat(plain.network().classes()).isZero();
      assertThat(checkpoint.network().classes()).isEqualTo(4);
      assertThat(checkpoint.ignored()).isEmpty();
      assertThat(Fixtures.values(checkpoint, "head/bias")).isEqualTo(new float[4]);
    }
  }

  @Test
  void headThatDoesNotFitMayBeReplaced() throws IOException {
    Path file = TimmState.of(WEIGHTS).reshape("head.weight", 2, 9).write(folder.resolve("b"));
    assertThatThrownBy(() -> Checkpoint.open(file)).isInstanceOf(MismatchException.class);
    Checkpoint.open(file, classes(2)).close();
  }

  @Test
  void negativeNumberOfClasses() {
    assertThatThrownBy(() -> Checkpoint.open(timm, classes(-1)))
        .isInstanceOf(MismatchException.class)
        .hasMessageContainingAll(timm.toString(), "classes must be 0 or more, found -1");
  }

  @Test
  void geluMeanAndStd() throws IOException {
    List<Float> mean = List.of(0.7f, 0.8f, 0.9f);
    List<Float> std = List.of(1f, 2f, 3f);
    for (Path file : List.of(h5, timm)) {
      ImportOptions options = new ImportOptions(null, Map.of("gelu", "erf"), mean, std);
      try (Checkpoint checkpoint = Checkpoint.open(file, options)) {
        assertThat(checkpoint.network())
            .isEqualTo(
                CONFIG
                    .withGelu(Gelu.ERF)
                    .withInput(RandomWeights.TINY.input().withNormalization(mean, std)));
      }
    }
    try (Checkpoint checkpoint =
        Checkpoint.open(timm, new ImportOptions(null, Map.of("gelu", "tanh"), null, std))) {
      assertThat(checkpoint.network())
          .isEqualTo(
              CONFIG.withInput(RandomWeights.TINY.input().withNormalization(List.of(0.5f), std)));
    }
  }

  @Test
  void formatDecidesOnGeluWhereTheFileDoesNotSay() throws IOException {
    try (Checkpoint npz = Checkpoint.open(Fixtures.path("narrow.npz"));
        Checkpoint pth = Checkpoint.open(Fixtures.path("narrow.pth"))) {
      assertThat(Fixtures.mixer(npz).gelu()).isEqualTo(Gelu.TANH);
      assertThat(Fixtures.mixer(pth).gelu()).isEqualTo(Gelu.ERF);
    }
  }

  @Test
  void classNamesMustBeAsManyAsClasses() throws IOException {
    Path file = folder.resolve("b.h5");
    CheckpointWriter.write(
        file,
        TargetFormat.H5,
        new RandomWeights(CONFIG, List.of("cat")),
        new RandomWeights(CONFIG, List.of("cat")).info().withOrigin(SOURCE),
        false,
        bytes -> {});
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(MismatchException.class)
        .hasMessageContainingAll(file.toString(), "found 1 names for 2 classes");
  }
}
