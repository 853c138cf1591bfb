package dev.mixer4j.weights;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mixers with the names of other code: files of tools/reference/make_name_fixtures.py. */
class MixerNamesTest {

  private static final Map<String, Mixer> NETWORKS =
      Map.ofEntries(
          entry("tutorial.pth", mixer(12, 3, 4, 10, 3, 7, 13, 5, 1e-5f)),
          entry("jeonsworld.pth", mixer(16, 3, 4, 8, 2, 5, 9, 4, 1e-6f)),
          entry("mmpretrain.pth", mixer(15, 3, 5, 6, 11, 4, 8, 6, 1e-5f)),
          entry("omihub777.pth", mixer(14, 1, 7, 9, 2, 6, 10, 3, 1e-5f)),
          entry("lucidrains.pth", mixer(12, 3, 4, 10, 4, 7, 13, 5, 1e-5f)),
          entry("lucidrains_gray.pth", mixer(28, 1, 7, 8, 2, 6, 5, 4, 1e-5f)),
          entry("kerasformers.weights.h5", mixer(12, 3, 4, 10, 2, 7, 13, 5, 1e-6f)));

  @TempDir private Path folder;

  private static Mixer mixer(
      int size,
      int channels,
      int patch,
      int hidden,
      int blocks,
      int tokensMlp,
      int channelsMlp,
      int classes,
      float epsilon) {
    return new Mixer(
        ImageInput.square(size, channels),
        patch,
        hidden,
        blocks,
        tokensMlp,
        channelsMlp,
        classes,
        Gelu.ERF,
        epsilon);
  }

  private static Path fixture(String file) {
    return Fixtures.path("names/" + file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tutorial.pth",
        "jeonsworld.pth",
        "mmpretrain.pth",
        "omihub777.pth",
        "lucidrains.pth",
        "lucidrains_gray.pth",
        "kerasformers.weights.h5"
      })
  void computesWhatTheOtherCodeComputes(String file) throws IOException {
    String name = file.substring(0, file.indexOf('.'));
    // A .weights.h5 has no names that tell KerasFormers from keras_cv_attention_models.
    Map<String, String> settings =
        file.endsWith(".h5") ? Map.of("layer_norm_epsilon", "1e-6") : Map.of();
    ImportOptions options = new ImportOptions(null, settings, null, null);
    try (Checkpoint checkpoint = Checkpoint.open(fixture(file), options)) {
      assertThat(checkpoint.network()).isEqualTo(NETWORKS.get(file));
      Fixtures.assertLogits(checkpoint, "names/" + name, 2e-5f);
    }
  }

  /** To timm's names and back, with everything that the names imply. */
  @ParameterizedTest
  @ValueSource(strings = {"lucidrains_gray.pth", "mmpretrain.pth", "omihub777.pth"})
  void convertsToTimmsNames(String file) throws IOException {
    Path target = folder.resolve("timm.safetensors");
    try (Checkpoint source = Checkpoint.open(fixture(file))) {
      CheckpointWriter.write(
          target, TargetFormat.SAFETENSORS, source, ModelInfo.NONE, false, bytes -> {});
      try (Checkpoint written = Checkpoint.open(target)) {
        assertThat(written.network()).isEqualTo(source.network());
        assertThat(written.used()).containsKey("blocks.1.mlp_tokens.fc1.weight");
        for (String name : source.network().shapes().keySet()) {
          assertThat(Fixtures.values(written, name)).isEqualTo(Fixtures.values(source, name));
        }
      }
    }
  }

  @Test
  void patchesThatAreNoSquareAreRefused() throws IOException {
    SafetensorsBytes file = new SafetensorsBytes();
    file.tensor("1.weight", "F32", new long[] {4, 50}, NpyBytes.floats(LITTLE, new float[200]));
    Path path = Files.write(folder.resolve("a.safetensors"), file.bytes());
    assertThatThrownBy(() -> Checkpoint.open(path).close()).isInstanceOf(MismatchException.class);
  }

  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
}
