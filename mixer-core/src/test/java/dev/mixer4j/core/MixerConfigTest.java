package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class MixerConfigTest {

  /** Counts of timm's models (B/32 made with its MlpMixer), and table 1's rounded ones. */
  @ParameterizedTest
  @CsvSource({
    "B_16, 59880472",
    "B_32, 60293428",
    "L_16, 208196168",
  })
  void parameterCountsAreThePublishedOnes(MixerPreset preset, long count) {
    assertThat(preset.config(1000).parameterCount()).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource({
    "S_32, 19",
    "S_16, 18",
    "B_32, 60",
    "B_16, 59",
    "L_32, 206",
    "L_16, 207",
    "H_14, 431"
  })
  void parameterCountsAreTable1sInMillions(MixerPreset preset, double millions) {
    // The table's millions are not always rounded the same way.
    assertThat(preset.config(1000).parameterCount() / 1e6)
        .isCloseTo(millions, org.assertj.core.data.Percentage.withPercentage(3));
  }

  @ParameterizedTest
  @EnumSource(MixerPreset.class)
  void everyPresetIsFoundByItsGeometry(MixerPreset preset) {
    assertThat(MixerPreset.of(preset.config(7))).contains(preset);
    assertThat(preset.config(preset.config(1).patchSize() * 4, 3).tokens()).isEqualTo(16);
  }

  @Test
  void anotherGeometryHasNoPreset() {
    assertThat(MixerPreset.of(MixerConfig.of(224, 16, 768, 11, 384, 3072, 1000))).isEmpty();
  }

  @Test
  void variablesHaveFlaxNamesAndTensorFlowLayouts() {
    MixerConfig config = MixerConfig.of(24, 8, 20, 2, 14, 36, 7);
    assertThat(config.variables())
        .hasSize(2 + 2 * 12 + 2 + 2)
        .containsEntry("stem/kernel", Shape.of(8, 8, 3, 20))
        .containsEntry("MixerBlock_1/token_mixing/Dense_0/kernel", Shape.of(9, 14))
        .containsEntry("MixerBlock_1/token_mixing/Dense_1/kernel", Shape.of(14, 9))
        .containsEntry("MixerBlock_0/channel_mixing/Dense_0/bias", Shape.of(36))
        .containsEntry("pre_head_layer_norm/scale", Shape.of(20))
        .containsEntry("head/kernel", Shape.of(20, 7))
        .doesNotContainKey("MixerBlock_2/LayerNorm_0/scale");
    assertThat(config.withClasses(0).variables()).doesNotContainKey("head/kernel");
  }

  @Test
  void withersChangeOneThing() {
    MixerConfig config = MixerPreset.B_16.config(10);
    assertThat(config.withGelu(Gelu.TANH).gelu()).isEqualTo(Gelu.TANH);
    assertThat(config.withGelu(Gelu.TANH).withGelu(Gelu.ERF)).isEqualTo(config);
    assertThat(config.withClasses(3).withClasses(10)).isEqualTo(config);
    MixerConfig normalized = config.withNormalization(Rgb.gray(0), new Rgb(1, 2, 3));
    assertThat(normalized.std()).isEqualTo(new Rgb(1, 2, 3));
    assertThat(normalized.mean()).isEqualTo(new Rgb(0, 0, 0));
  }

  @Test
  void impossibleNumbersAreRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MixerConfig.of(225, 16, 8, 1, 8, 8, 2))
        .withMessageContaining("imageSize 225");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MixerConfig.of(32, 16, 8, 0, 8, 8, 2))
        .withMessageContaining("blocks");
    MixerConfig config = MixerConfig.of(32, 16, 8, 1, 8, 8, 2);
    assertThatThrownBy(() -> config.withClasses(-1)).hasMessageContaining("classes");
    assertThatThrownBy(() -> config.withNormalization(Rgb.gray(0), Rgb.gray(0)))
        .hasMessageContaining("std");
  }

  @Test
  void rgbReadsWhatItPrints() {
    Rgb imagenet = new Rgb(0.485f, 0.456f, 0.406f);
    assertThat(Rgb.parse(imagenet.toString())).isEqualTo(imagenet);
    assertThat(Rgb.parse("0.5")).isEqualTo(Rgb.gray(0.5f));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1,2", "1,2,3,4", "a,b,c", "1,,3"})
  void rgbRefusesAnythingElse(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Rgb.parse(text))
        .withMessageContaining("R,G,B");
  }
}
