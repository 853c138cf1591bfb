package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import org.junit.jupiter.api.Test;

class LeNet5Test {

  private static final LeNet5 NETWORK = new LeNet5(ImageInput.square(28, 1), 10);
  private static final TorchFixture FIXTURE = new TorchFixture("lenet5", NETWORK);

  @Test
  void hasTheVariablesOfThePaper() {
    assertThat(NETWORK.variables())
        .extracting(Variable::name)
        .containsExactly(
            "conv1/kernel",
            "conv1/bias",
            "conv2/kernel",
            "conv2/bias",
            "dense1/kernel",
            "dense1/bias",
            "dense2/kernel",
            "dense2/bias",
            "head/kernel",
            "head/bias");
    assertThat(NETWORK.variables()).allMatch(Variable::trainable);
    assertThat(NETWORK.parameterCount()).isEqualTo(44_426);
    assertThat(NETWORK.withClasses(0).parameterCount()).isEqualTo(44_426 - 850);
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
  void refusesImagesThatPoolingLeavesNothingOf() {
    assertThat(new LeNet5(ImageInput.square(16, 3), 2).parameterCount())
        .isEqualTo(6 * 76 + 16 * 151 + 120 * 17 + 84 * 121 + 2 * 85);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LeNet5(ImageInput.square(15, 1), 10))
        .withMessageContaining("at least 16 x 16 pixels, found 15 x 15");
  }
}
