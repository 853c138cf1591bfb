package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

class ResMlpTest {

  private static final ImageInput MNIST = ImageInput.square(28, 1);
  private static final ResMlp NETWORK = new ResMlp(MNIST, 7, 12, 2, 30, 10, 1e-4f);
  private static final TorchFixture FIXTURE = new TorchFixture("resmlp", NETWORK);

  /** The parameters and layer scales of timm's resmlp_12_224, _24_, _36_ and _big_24_. */
  @ParameterizedTest
  @CsvSource({
    "ResMLP-S12, 15350872, 1e-4",
    "ResMLP-S24, 30020680, 1e-5",
    "ResMLP-S36, 44690488, 1e-6",
    "ResMLP-B24, 129138280, 1e-6"
  })
  void presetsAreTimms(String name, long parameters, float layerScale) {
    ResMlp network = (ResMlp) Networks.preset(name).orElseThrow();
    assertThat(network.parameterCount()).isEqualTo(parameters);
    assertThat(network.layerScale()).isEqualTo(layerScale);
    assertThat(network.input().mean()).containsExactly(0.485f, 0.456f, 0.406f);
    assertThat(network.input().std()).containsExactly(0.229f, 0.224f, 0.225f);
  }

  @Test
  void logitsEqualTimms() {
    FIXTURE.assertSameLogits();
  }

  @Test
  void initialValuesHaveTimmsDistributions() {
    Network network = new ResMlp(MNIST, 7, 64, 2, 256, 10, 0.25f);
    assertThat(initial(network, "head/kernel")).containsOnly(0f);
    assertThat(initial(network, "Block_1/affine2/alpha")).containsOnly(1f);
    assertThat(initial(network, "Block_1/layer_scale2")).containsOnly(0.25f);
    assertThat(initial(network, "Block_0/token_mixing/bias")).containsOnly(0f);
    double bound = Math.sqrt(6.0 / (64 + 256)); // Xavier's
    float[] kernel = initial(network, "Block_0/channel_mixing/Dense_1/kernel");
    assertThat(std(kernel)).isCloseTo(bound / Math.sqrt(3), within(0.01 * bound));
    for (float value : kernel) {
      assertThat(Math.abs(value)).isLessThanOrEqualTo((float) bound);
    }
    assertThat(std(initial(network, "Block_0/channel_mixing/Dense_0/bias")))
        .isCloseTo(1e-6, within(2e-7));
    assertThat(kernel).isNotEqualTo(initial(network, "Block_1/channel_mixing/Dense_1/kernel"));
  }

  private static float[] initial(Network network, String name) {
    float[] values = new float[(int) network.shapes().get(name).size()];
    new InitialWeights(network, 1).read(name, FloatBuffer.wrap(values));
    return values;
  }

  private static double std(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  @Test
  void imagesOfOtherChannelsAreNormalizedByTheAverage() {
    Network found = Networks.family("resmlp").orElseThrow().infer(new Shapes(NETWORK.shapes()));
    assertThat(found).isEqualTo(NETWORK.withInput(ImageInput.imageNet(28, 1)));
    assertThat(found.input().mean()).isEqualTo(List.of(0.449f));
  }

  @Test
  void refusesOtherImages() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NETWORK.withInput(ImageInput.square(30, 1)))
        .withMessage("image size 30 is not a multiple of patch_size 7");
    Map<String, Shape> shapes = new HashMap<>(NETWORK.shapes());
    shapes.put("Block_0/token_mixing/kernel", Shape.of(15, 15));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Networks.family("resmlp").orElseThrow().infer(new Shapes(shapes)))
        .withMessageContaining("expected a square number of tokens, found 15");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResMlp(MNIST, 7, 12, 2, 30, 10, Float.NaN))
        .withMessageContaining("layer_scale must be a finite number");
  }
}
