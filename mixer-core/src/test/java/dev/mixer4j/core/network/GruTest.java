package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.image.ImageInput;
import org.junit.jupiter.api.Test;

class GruTest {

  private static final Gru NETWORK = new Gru(ImageInput.square(28, 1), 64, 10);
  private static final TorchFixture FIXTURE = new TorchFixture("gru", NETWORK);

  @Test
  void hasPyTorchsParameters() {
    assertThat(NETWORK.parameterCount()).isEqualTo(18_698);
    assertThat(NETWORK.withClasses(0).parameterCount()).isEqualTo(18_698 - 650);
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
  void readsImagesOfOneChannel() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Gru(ImageInput.square(28, 3), 64, 10))
        .withMessageContaining("takes images of 1 channel, found 3");
  }
}
