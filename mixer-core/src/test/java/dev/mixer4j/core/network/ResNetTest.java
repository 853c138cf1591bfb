package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.ResNet.Shortcut;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.ndarray.Shape;

class ResNetTest {

  private static final String[] AVERAGES = {
    "norm1/mean", "norm1/variance", "norm2/mean", "norm2/variance"
  };

  private static ResNet network(Shortcut shortcut) {
    return new ResNet(ImageInput.square(28, 1), 10, shortcut);
  }

  private static TorchFixture fixture(Shortcut shortcut) {
    return new TorchFixture("resnet_" + shortcut, network(shortcut));
  }

  @ParameterizedTest
  @CsvSource({"BROADCAST, 8555", "CONV, 8571"})
  void countsParametersWithoutTheRunningAverages(Shortcut shortcut, long parameters) {
    ResNet network = network(shortcut);
    assertThat(network.parameterCount()).isEqualTo(parameters);
    assertThat(network.variables())
        .filteredOn(variable -> !variable.trainable())
        .extracting(Variable::name)
        .containsExactly(AVERAGES);
    assertThat(network.shapes().containsKey("shortcut/kernel"))
        .isEqualTo(shortcut == Shortcut.CONV);
  }

  @ParameterizedTest
  @EnumSource
  void initialValuesEqualTorchManualSeedBitForBit(Shortcut shortcut) {
    fixture(shortcut).assertSameStart();
  }

  @ParameterizedTest
  @EnumSource
  void inferenceNormalizesWithTheRunningAverages(Shortcut shortcut) {
    TorchFixture fixture = fixture(shortcut);
    TorchFixture.Run run = fixture.infer();
    assertThat(TorchFixture.difference(run.logits(), fixture.floats("eval"))).isLessThan(2e-5);
    assertThat(run.updates()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void trainingNormalizesWithTheBatchAndUpdatesTheRunningAverages(Shortcut shortcut) {
    TorchFixture fixture = fixture(shortcut);
    TorchFixture.Run run = fixture.train(name -> true);
    assertThat(TorchFixture.difference(run.logits(), fixture.floats("train"))).isLessThan(2e-5);
    assertThat(run.updates()).containsOnlyKeys(AVERAGES);
    float[] expected = fixture.floats("averages");
    for (int i = 0; i < AVERAGES.length; i++) {
      float[] of = Arrays.copyOfRange(expected, 8 * i, 8 * i + 8);
      assertThat(TorchFixture.difference(run.updates().get(AVERAGES[i]), of))
          .as(AVERAGES[i])
          .isLessThan(1e-6);
    }
  }

  @Test
  void frozenBatchNormIsThatOfInference() {
    TorchFixture fixture = fixture(Shortcut.BROADCAST);
    TorchFixture.Run frozen = fixture.train(name -> name.startsWith("head/"));
    assertThat(TorchFixture.difference(frozen.logits(), fixture.floats("eval"))).isLessThan(2e-5);
    assertThat(frozen.updates()).isEmpty();
    TorchFixture.Run second = fixture.train(name -> !name.startsWith("norm1/"));
    assertThat(second.updates()).containsOnlyKeys("norm2/mean", "norm2/variance");
  }

  @Test
  void broadcastsOneChannelOnly() {
    assertThat(new ResNet(ImageInput.square(8, 3), 2, Shortcut.CONV).shapes())
        .containsAllEntriesOf(Map.of("shortcut/kernel", Shape.of(1, 1, 3, 8)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ResNet(ImageInput.square(8, 3), 2, Shortcut.BROADCAST))
        .withMessageContaining("takes images of 1 channel, found 3");
  }
}
