package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VisionTransformerTest {

  private static final VisionTransformer NETWORK =
      new VisionTransformer(ImageInput.square(28, 1), 7, 16, 2, 4, 24, 10, false, 1e-5f);
  private static final TorchFixture FIXTURE = new TorchFixture("vit", NETWORK);

  /** Those of timm 1.0's networks of the same names, and of hello-MNIST's. */
  @ParameterizedTest
  @CsvSource({
    "ViT-4/64, 138890",
    "ViT-Ti/16, 5717416",
    "ViT-S/16, 22050664",
    "ViT-B/16, 86567656",
    "ViT-L/16, 304326632"
  })
  void presetsHaveTheParametersOfThePublishedNetworks(String name, long parameters) {
    assertThat(Networks.preset(name).orElseThrow().parameterCount()).isEqualTo(parameters);
  }

  /** To the bit, except for the normally distributed tokens, whose logarithm differs. */
  @Test
  void initialValuesEqualTorchManualSeed() {
    FIXTURE.assertSameStart(1e-6, "embedding/class_token", "embedding/positions");
  }

  @Test
  void logitsEqualPyTorchs() {
    FIXTURE.assertSameLogits();
  }

  @Test
  void timmsNetworksAreCroppedAsInTimm() {
    assertThat(Networks.preset("ViT-B/16").orElseThrow().defaultTransform().toString())
        .isEqualTo("center-crop 0.9 bicubic");
    assertThat(NETWORK.defaultTransform()).isNotEqualTo(ImageTransform.TIMM);
  }

  @Test
  void headsDivideTheChannels() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new VisionTransformer(ImageInput.square(28, 1), 7, 16, 2, 3, 24, 10, false, 1e-5f))
        .withMessageContaining("hidden_size 16 is not a multiple of heads 3");
  }
}
