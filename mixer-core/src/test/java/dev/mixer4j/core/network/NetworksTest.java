package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Gelu;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class NetworksTest {

  private static Network preset(String name) {
    return Networks.preset(name).orElseThrow();
  }

  /**
   * Counts of timm's models (B/32 made with its MlpMixer), and of the two small networks in
   * PyTorch.
   */
  @ParameterizedTest
  @CsvSource({
    "Mixer-B/16, 59880472",
    "Mixer-B/32, 60293428",
    "Mixer-L/16, 208196168",
    "LeNet-5, 44426",
    "ResNet, 8555",
  })
  void parameterCountsAreThePublishedOnes(String preset, long count) {
    assertThat(preset(preset).parameterCount()).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource({
    "Mixer-S/32, 19",
    "Mixer-S/16, 18",
    "Mixer-B/32, 60",
    "Mixer-B/16, 59",
    "Mixer-L/32, 206",
    "Mixer-L/16, 207",
    "Mixer-H/14, 431"
  })
  void parameterCountsAreTable1sInMillions(String preset, double millions) {
    // The table's millions are not always rounded the same way.
    assertThat(preset(preset).parameterCount() / 1e6)
        .isCloseTo(millions, org.assertj.core.data.Percentage.withPercentage(3));
  }

  static List<String> presetNames() {
    return Networks.presetNames();
  }

  @ParameterizedTest
  @MethodSource("presetNames")
  void everyPresetIsFoundByItsNameAndGeometry(String name) {
    Network network = preset(name);
    assertThat(Networks.presetOf(network.withClasses(7))).contains(name);
    assertThat(preset(name.replaceAll("[-/]", "_").toLowerCase(Locale.ROOT))).isEqualTo(network);
    if (network instanceof Mixer mixer) {
      ImageInput small = ImageInput.square(mixer.patchSize() * 4, 3);
      assertThat(mixer.withInput(small).tokens()).isEqualTo(16);
      assertThat(Networks.presetOf(mixer.withInput(small).withClasses(0))).contains(name);
    }
  }

  @ParameterizedTest
  @MethodSource("presetNames")
  void everyPresetIsInferredFromItsShapes(String name) {
    for (int classes : new int[] {0, 3}) {
      Network network = preset(name).withClasses(classes);
      Family family = Networks.family(network.family()).orElseThrow();
      assertThat(family.infer(new Shapes(network.shapes()))).isEqualTo(network);
      assertThat(family.type()).isInstanceOf(Class.class).isEqualTo(network.getClass());
    }
  }

  @Test
  void shapesOfAnotherNetworkAreRefusedByName() {
    Family mixer = Networks.family("mixer").orElseThrow();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mixer.infer(new Shapes(preset("LeNet-5").shapes())))
        .withMessage("no tensor for MixerBlock_0/token_mixing/Dense_0/kernel");
    Map<String, Shape> shapes = new HashMap<>(preset("Mixer-B/16").shapes());
    shapes.put("MixerBlock_0/token_mixing/Dense_0/kernel", Shape.of(195, 384));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mixer.infer(new Shapes(shapes)))
        .withMessageContaining("expected a square number of tokens, found 195");
    shapes.put("MixerBlock_0/token_mixing/Dense_0/kernel", Shape.of(195));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mixer.infer(new Shapes(shapes)))
        .withMessageContaining("expected 2 dimensions, found shape [195]");
    assertThat(Networks.family("none")).isEmpty();
    assertThat(Networks.preset("none")).isEmpty();
  }

  @Test
  void anotherGeometryHasNoPreset() {
    assertThat(Networks.presetOf(Mixer.of(224, 16, 768, 11, 384, 3072, 1000))).isEmpty();
  }

  @Test
  void variablesHaveFlaxNamesAndTensorFlowLayouts() {
    Mixer config = Mixer.of(24, 8, 20, 2, 14, 36, 7);
    assertThat(config.shapes())
        .hasSize(2 + 2 * 12 + 2 + 2)
        .containsEntry("stem/kernel", Shape.of(8, 8, 3, 20))
        .containsEntry("MixerBlock_1/token_mixing/Dense_0/kernel", Shape.of(9, 14))
        .containsEntry("MixerBlock_1/token_mixing/Dense_1/kernel", Shape.of(14, 9))
        .containsEntry("MixerBlock_0/channel_mixing/Dense_0/bias", Shape.of(36))
        .containsEntry("pre_head_layer_norm/scale", Shape.of(20))
        .containsEntry("head/kernel", Shape.of(20, 7))
        .doesNotContainKey("MixerBlock_2/LayerNorm_0/scale");
    assertThat(config.withClasses(0).shapes()).doesNotContainKey("head/kernel");
  }

  @Test
  void withersChangeOneThing() {
    Mixer config = ((Mixer) preset("Mixer-B/16")).withClasses(10);
    assertThat(config.withGelu(Gelu.TANH).gelu()).isEqualTo(Gelu.TANH);
    assertThat(config.withGelu(Gelu.TANH).withGelu(Gelu.ERF)).isEqualTo(config);
    assertThat(config.withClasses(3).withClasses(10)).isEqualTo(config);
    ImageInput input = config.input();
    ImageInput normalized = input.withNormalization(List.of(0f), List.of(1f, 2f, 3f));
    assertThat(normalized.std()).containsExactly(1f, 2f, 3f);
    assertThat(normalized.mean()).containsExactly(0f, 0f, 0f);
    assertThat(config.withInput(normalized).withInput(input)).isEqualTo(config);
    assertThat(input.withChannels(1).mean()).containsExactly(0.5f);
    assertThat(normalized.withChannels(1).std()).containsExactly(2f);
    assertThat(normalized.withChannels(3)).isEqualTo(normalized);
    assertThat(ImageInput.imageNet(224, 1).mean()).containsExactly(0.449f);
  }

  @Test
  void impossibleNumbersAreRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mixer.of(225, 16, 8, 1, 8, 8, 2))
        .withMessageContaining("image size 225");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Mixer.of(32, 16, 8, 0, 8, 8, 2))
        .withMessageContaining("blocks");
    Mixer config = Mixer.of(32, 16, 8, 1, 8, 8, 2);
    assertThatThrownBy(() -> config.withClasses(-1)).hasMessageContaining("classes");
    assertThatThrownBy(() -> config.input().withNormalization(List.of(0f), List.of(0f)))
        .hasMessageContaining("std");
    assertThatThrownBy(() -> config.input().withNormalization(List.of(0f, 1f), List.of(1f)))
        .hasMessageContaining("one for each of 3 channels");
    assertThatThrownBy(() -> new LeNet5(ImageInput.square(15, 1), 10))
        .hasMessageContaining("at least 16 x 16 pixels");
    assertThatThrownBy(() -> new ResNet(ImageInput.square(28, 3), 10, ResNet.Shortcut.BROADCAST))
        .hasMessageContaining("images of 1 channel, found 3");
    assertThatThrownBy(
            () -> preset("LeNet-5").input().withNormalization(List.of(Float.NaN), List.of(1f)))
        .hasMessageContaining("mean must be finite");
  }

  @Test
  void channelsAreReadAsTheyArePrinted() {
    List<Float> imagenet = List.of(0.485f, 0.456f, 0.406f);
    assertThat(ImageInput.parseChannels(ImageInput.channelsText(imagenet))).isEqualTo(imagenet);
    assertThat(ImageInput.parseChannels("0.5")).containsExactly(0.5f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a,b,c", "1,,3"})
  void otherTextsOfChannelsAreRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageInput.parseChannels(text))
        .withMessageContaining("R,G,B");
  }
}
