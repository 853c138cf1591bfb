package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.format.Format;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code convert}'s options for targets other than our own HDF5. */
class ConvertTargetsTest {

  private static final Path NARROW = Fixtures.path("narrow.npz");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"a.h5, H5", "a.safetensors, SAFETENSORS", "a.npz, NPZ", "a.ckpt, TF_CHECKPOINT"})
  void theExtensionTellsTheFormat(String name, Format format) throws IOException {
    Path target = folder.resolve(name);
    assertThat(CommandRun.of("convert", NARROW, "-o", target).code()).isZero();
    try (Checkpoint written = Checkpoint.open(target)) {
      assertThat(written.format()).isEqualTo(format);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "h5, H5",
    "safetensors, SAFETENSORS",
    "npz, NPZ",
    "tf-checkpoint, TF_CHECKPOINT",
    "saved-model, SAVED_MODEL"
  })
  void toNamesTheFormatWhateverTheExtension(String to, Format format) throws IOException {
    Path target = folder.resolve("a.npz");
    assertThat(CommandRun.of("convert", NARROW, "-o", target, "--to", to).code()).isZero();
    try (Checkpoint written = Checkpoint.open(target)) {
      assertThat(written.format()).isEqualTo(format);
      assertThat(CommandRun.of("diff", NARROW, target).code()).isZero();
    }
  }

  @Test
  void anExtensionThatTellsNothingIsRefused() {
    CommandRun run = CommandRun.of("convert", NARROW, "-o", folder.resolve("a.weights"));
    assertThat(run.err()).contains("a.weights stands for no format", "--to", "saved-model");
    assertThat(run.code()).isEqualTo(2);
    run = CommandRun.of("convert", NARROW, "-o", folder.resolve("a.pth"));
    assertThat(run.err()).contains("PyTorch and timm take .safetensors");
    assertThat(run.code()).isEqualTo(2);
    run = CommandRun.of("convert", NARROW, "-o", folder.resolve("a.h5"), "--to", "onnx");
    assertThat(run.err()).contains("--to", "onnx");
    assertThat(run.code()).isEqualTo(2);
  }

  @Test
  void whatTheTargetDoesNotKeepIsNoted() {
    CommandRun run = CommandRun.of("convert", NARROW, "-o", folder.resolve("a.safetensors"));
    assertThat(run.out())
        .contains("note", "users of timm take gelu as erf, these weights' is tanh");
    run = CommandRun.of("convert", NARROW, "-o", folder.resolve("a.npz"));
    assertThat(run.out()).doesNotContain("note");
  }

  @Test
  void largerImagesTakeAWholeFactor() throws IOException {
    Path target = folder.resolve("a.npz");
    CommandRun run = CommandRun.of("convert", NARROW, "-o", target, "--image-size", "72");
    assertThat(run.code()).isZero();
    assertThat(CommandRun.of("diff", target, Fixtures.path("narrow.72.npz")).code()).isZero();
    run = CommandRun.of("convert", NARROW, "-o", target, "--overwrite", "--image-size", "36");
    assertThat(run.err()).contains("image size 36", "whole multiple of the weights' 24");
    assertThat(run.code()).isEqualTo(3);
  }
}
