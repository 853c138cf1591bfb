package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.image.ImageInput;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VisionPermutatorTest {

  private static final ImageInput MNIST = ImageInput.square(28, 1);

  private static VisionPermutator network(List<Integer> blocks, List<Integer> sizes) {
    return new VisionPermutator(MNIST, 7, blocks, sizes, 2, 10);
  }

  private static final TorchFixture FIXTURE =
      new TorchFixture("vip", network(List.of(2, 1), List.of(8, 12)));

  /** Those of the authors' networks. */
  @ParameterizedTest
  @CsvSource({"ViP-S/14, 29892904", "ViP-S/7, 25114984", "ViP-M/7, 55272488", "ViP-L/7, 87784936"})
  void presetsHaveTheParametersOfThePublishedNetworks(String name, long parameters) {
    assertThat(Networks.preset(name).orElseThrow().parameterCount()).isEqualTo(parameters);
  }

  @Test
  void logitsEqualPyTorchs() {
    FIXTURE.assertSameLogits();
  }

  @Test
  void aConvolutionIsWhereTheWidthChanges() {
    assertThat(network(List.of(1, 2, 1), List.of(8, 8, 12)).shapes())
        .containsKeys(
            "network_1/Block_1/norm1/scale",
            "network_2/downsample/kernel",
            "network_3/Block_0/norm1/scale")
        .doesNotContainKey("network_1/downsample/kernel");
  }

  @Test
  void refusesGridsThatDoNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> network(List.of(1), List.of(10)))
        .withMessageContaining("multiples of the grid's side 4, 4 or more, found 10");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> network(List.of(1, 1), List.of(8)))
        .withMessageContaining("one number for each stage");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> network(List.of(1, 1, 1, 1), List.of(8, 12, 8, 12)))
        .withMessageContaining("a grid of 1 x 1 cannot be halved");
  }
}
