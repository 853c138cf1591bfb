package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.MixerConfig;
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
  private static final RandomWeights WEIGHTS =
      new RandomWeights(MixerConfig.of(4, 2, 3, 2, 2, 5, 2));

  private static final String MIXER = "a Mixer of 2 blocks, patch 2, hidden size 3, image size 4";

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
      assertThat(checkpoint.config()).isEqualTo(WEIGHTS.config().withGelu(Gelu.ERF));
      assertThat(checkpoint.classNames()).isEmpty();
      assertThat(checkpoint.ignored()).isEmpty();
      assertThat(checkpoint.source()).isEmpty();
      assertThat(checkpoint.used())
          .hasSize(30)
          .containsEntry("stem.proj.weight", "stem/kernel")
          .containsEntry(
              "blocks.1.mlp_channels.fc2.bias", "MixerBlock_1/channel_mixing/Dense_1/bias");
      for (String variable : WEIGHTS.config().variables().keySet()) {
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
    assertMismatch("no tensor for MixerBlock_1/LayerNorm_1/bias; expected one of shape [3]", MIXER);
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
        "1 of 31 tensors are not a Mixer's under timm's names: " + name + ";",
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
        "stem.proj.weight;3,4,2,2;stem/kernel, found shape [2, 2, 4, 3]",
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
    assertMismatch("tensor 'head.", "has no place in " + MIXER);
  }

  @Test
  void sizesOfZero() {
    state.reshape("stem.proj.weight", 3, 3, 0, 0);
    assertMismatch("these tensors make no Mixer", "imageSize must be above 0");
  }

  @Test
  void tokensThatAreNoSquare() {
    state.reshape("blocks.0.mlp_tokens.fc1.weight", 2, 6);
    assertMismatch(
        "tensor 'blocks.0.mlp_tokens.fc1.weight': expected a square number of tokens, found 6");
  }

  @Test
  void gapBetweenTheBlocks() {
    for (String name : WEIGHTS.config().variables().keySet()) {
      if (name.startsWith("MixerBlock_1/")) {
        String timm = timmName(name);
        state.rename(timm, timm.replace("blocks.1", "blocks.3"));
      }
    }
    assertMismatch("no tensor for MixerBlock_1/LayerNorm_0/scale", "of 4 blocks");
  }

  @Test
  void firstBlockIsMissing() {
    WEIGHTS.config().variables().keySet().stream()
        .filter(name -> name.startsWith("MixerBlock_0/"))
        .forEach(name -> state.remove(timmName(name)));
    assertMismatch("no tensor for MixerBlock_0/token_mixing/Dense_0/kernel");
  }

  @Test
  void oneTensorOfABlockThatIsNotThere() {
    state.reshape("blocks.9999.norm1.bias", 3);
    assertMismatch("no tensor for MixerBlock_2/LayerNorm_0/scale", "of 10000 blocks");
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
