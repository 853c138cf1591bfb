package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.MismatchException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  /** Two blocks, so that one can be wrong while the geometry is taken from the other. */
  private static final RandomWeights WEIGHTS = new RandomWeights(Mixer.of(4, 2, 3, 2, 2, 5, 2));

  private static final String MIXER =
      "mixer (input 4 x 4 x 3, patch_size 2, hidden_size 3, blocks 2, tokens_mlp_size 2,"
          + " channels_mlp_size 5, classes 2, gelu erf, layer_norm_epsilon 1.0E-6)";

  @TempDir private Path folder;
  private final TimmState state = TimmState.of(WEIGHTS);

  private Checkpoint open() throws IOException {
    return Checkpoint.open(state.write(folder.resolve("a.safetensors")));
  }

  private void assertMismatch(String... problem) {
    assertThatThrownBy(() -> open().close())
        .isInstanceOf(MismatchException.class)
        .hasMessageStartingWith(folder.resolve("a.safetensors") + ": ")
        .hasMessageContainingAll(problem);
  }

  @Test
  void tensorsInTensorFlowsLayoutsUnderCanonicalNames() throws IOException {
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.network()).isEqualTo(WEIGHTS.network());
      assertThat(checkpoint.info().classNames()).isEmpty();
      assertThat(checkpoint.ignored()).isEmpty();
      assertThat(checkpoint.info().origin()).isEmpty();
      assertThat(checkpoint.used())
          .hasSize(30)
          .containsEntry("stem.proj.weight", "stem/kernel")
          .containsEntry(
              "blocks.1.mlp_channels.fc2.bias", "MixerBlock_1/channel_mixing/Dense_1/bias");
      for (String variable : WEIGHTS.network().shapes().keySet()) {
        assertThat(Fixtures.values(checkpoint, variable))
            .as(variable)
            .isEqualTo(WEIGHTS.values(variable));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "stem.proj.weight,stem/kernel",
    "stem.proj.bias,stem/bias",
    "blocks.0.norm1.weight,MixerBlock_0/LayerNorm_0/scale",
    "blocks.0.mlp_tokens.fc1.weight,MixerBlock_0/token_mixing/Dense_0/kernel",
    "blocks.0.mlp_channels.fc1.weight,MixerBlock_0/channel_mixing/Dense_0/kernel",
    "blocks.1.mlp_tokens.fc1.weight,MixerBlock_1/token_mixing/Dense_0/kernel",
    "blocks.1.mlp_channels.fc2.bias,MixerBlock_1/channel_mixing/Dense_1/bias",
    "norm.bias,pre_head_layer_norm/bias",
    "head.weight,head/kernel",
    "head.bias,head/bias"
  })
  void missingTensor(String name, String variable) {
    state.remove(name);
    assertMismatch("no tensor for " + variable);
  }

  @Test
  void missingTensorIsNamedWithItsShape() {
    state.remove("blocks.1.norm2.bias");
    assertMismatch(
        "no tensor for MixerBlock_1/LayerNorm_1/bias; expected one of shape [3] for a " + MIXER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "extra",
        "head.weight.more",
        "model.head.weight",
        "blocks.00.norm1.weight",
        "blocks.-1.norm1.weight",
        "blocks.0.norm3.weight",
        "blocks.10000.norm1.weight",
        "headxweight",
        "stem/kernel"
      })
  void extraTensor(String name) {
    state.reshape(name, 3);
    assertMismatch(
        "the closest is a mixer, with 30 of 31 tensors",
        "1 of 31 tensors have names that are not timm's: " + name + ";",
        "expected names such as blocks.0.mlp_tokens.fc1.weight");
  }

  @Test
  void manyExtraTensors() {
    for (int i = 0; i < 9; i++) {
      state.reshape("layer" + i, 3);
    }
    assertMismatch("9 of 39 tensors", "layer0, layer1, layer2, layer3, layer4, …;");
  }

  @Test
  void wrongShapes() {
    state.reshape("blocks.1.mlp_tokens.fc1.weight", 4, 2);
    assertMismatch(
        "tensor 'blocks.1.mlp_tokens.fc1.weight': expected shape [4, 2] as"
            + " MixerBlock_1/token_mixing/Dense_0/kernel, found shape [2, 4]"
            + " (in the file [4, 2])",
        MIXER);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "stem.proj.weight;3,3,2,4;stem/kernel",
        "stem.proj.bias;4;expected shape [3]",
        "blocks.0.norm1.weight;3,1;expected shape [3]",
        "norm.bias;1;expected shape [3]",
        "head.bias;3;expected shape [2]",
        "head.weight;2,4;expected shape [3, 2]",
        "head.weight;6;expected 2 dimensions, found shape [6]",
        "stem.proj.weight;3,12;expected 4 dimensions, found shape [3, 12]"
      })
  void wrongShapeOf(String name, String shape, String problem) {
    long[] sizes = java.util.Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
    state.reshape(name, sizes);
    assertMismatch("tensor '" + name + "'", problem);
  }

  @Test
  void headOfNoClasses() {
    state.reshape("head.weight", 0, 3).reshape("head.bias", 0);
    assertMismatch("tensor 'head.", "has no place in a mixer");
  }

  @Test
  void sizesOfZero() {
    state.reshape("stem.proj.weight", 3, 3, 0, 0);
    assertMismatch("these tensors make up no mixer", "image size must be above 0");
  }

  @Test
  void tokensThatAreNoSquare() {
    state.reshape("blocks.0.mlp_tokens.fc1.weight", 2, 6);
    assertMismatch(
        "MixerBlock_0/token_mixing/Dense_0/kernel: expected a square number of tokens, found 6");
  }

  @Test
  void gapBetweenTheBlocks() {
    for (String name : WEIGHTS.network().shapes().keySet()) {
      if (name.startsWith("MixerBlock_1/")) {
        String timm = timmName(name);
        state.rename(timm, timm.replace("blocks.1", "blocks.3"));
      }
    }
    assertMismatch("no tensor for MixerBlock_1/LayerNorm_0/scale", "blocks 4,");
  }

  @Test
  void firstBlockIsMissing() {
    WEIGHTS.network().shapes().keySet().stream()
        .filter(name -> name.startsWith("MixerBlock_0/"))
        .forEach(name -> state.remove(timmName(name)));
    assertMismatch("no tensor for MixerBlock_0/token_mixing/Dense_0/kernel");
  }

  @Test
  void oneTensorOfABlockThatIsNotThere() {
    state.reshape("blocks.9999.norm1.bias", 3);
    assertMismatch("no tensor for MixerBlock_2/LayerNorm_0/scale", "blocks 10000,");
  }

  private String timmName(String variable) {
    try (Checkpoint whole = Checkpoint.open(TimmState.of(WEIGHTS).write(folder.resolve("whole")))) {
      return whole.used().entrySet().stream()
          .filter(entry -> entry.getValue().equals(variable))
          .findFirst()
          .orElseThrow()
          .getKey();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"I64", "I32", "U8", "BOOL"})
  void wholeNumbers(String dtype) {
    state.put(
        "norm.bias", dtype, new byte[dtype.equals("I64") ? 24 : dtype.equals("I32") ? 12 : 3], 3);
    assertMismatch("tensor 'norm.bias': expected a floating-point dtype, found ");
  }

  @Test
  void halfPrecisionIsWidened() throws IOException {
    byte[] bytes = {0x00, 0x3c, 0x00, (byte) 0xc0, 0x00, 0x38};
    state.put("norm.bias", "F16", bytes, 3);
    try (Checkpoint checkpoint = open()) {
      assertThat(Fixtures.values(checkpoint, "pre_head_layer_norm/bias"))
          .containsExactly(1, -2, 0.5f);
    }
  }

  @Test
  void fileThatIsCutOffAfterOpening() throws IOException {
    try (Checkpoint checkpoint = open()) {
      Files.write(checkpoint.path(), new byte[1]);
      assertThatThrownBy(() -> Fixtures.values(checkpoint, "stem/kernel"))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll(checkpoint.path().toString(), "stem.proj.weight");
    }
  }
}
