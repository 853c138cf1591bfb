package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.image.ImageInput;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MultilayerPerceptronTest {

  private static final ImageInput MNIST = ImageInput.square(28, 1);

  private static MultilayerPerceptron network(boolean outputRelu) {
    return new MultilayerPerceptron(MNIST, List.of(30, 20), 10, outputRelu);
  }

  private static final TorchFixture FIXTURE = new TorchFixture("mlp", network(false));

  @ParameterizedTest
  @CsvSource({"mlp-100-80, 87390", "mlp-100-80-60, 92050", "mlp-512, 407050"})
  void presetsHaveTheParametersOfPyTorchs(String name, long parameters) {
    assertThat(Networks.preset(name).orElseThrow().parameterCount()).isEqualTo(parameters);
  }

  @Test
  void initialValuesEqualTorchManualSeedBitForBit() {
    FIXTURE.assertSameStart();
  }

  @Test
  void logitsEqualPyTorchs() {
    FIXTURE.assertSameLogits();
  }

  @Test
  void theOutputsReluIsASetting() {
    float[] plain = FIXTURE.infer().logits();
    float[] found = new TorchFixture("mlp", network(true)).infer().logits();
    float[] expected = plain.clone();
    for (int i = 0; i < plain.length; i++) {
      expected[i] = Math.max(0, plain[i]);
    }
    assertThat(found).isEqualTo(expected).isNotEqualTo(plain);
  }

  @Test
  void refusesNoLayersAndEmptyOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MultilayerPerceptron(MNIST, List.of(), 10, false))
        .withMessageContaining("hidden must have one width or more");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MultilayerPerceptron(MNIST, List.of(5, 0), 10, false))
        .withMessageContaining("hidden must be above 0, found 0");
  }
}
