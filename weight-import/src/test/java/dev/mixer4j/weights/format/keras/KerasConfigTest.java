package dev.mixer4j.weights.format.keras;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class KerasConfigTest {

  /** They decide on the pixels that the network needs, and have no tensors to be listed by. */
  @Test
  void layersThatPreprocessAreNamed() {
    KerasConfig config =
        new KerasConfig(
            Path.of("m.keras"),
            """
            {"class_name": "Functional", "config": {"layers": [
              {"class_name": "Rescaling", "config": {"name": "r", "scale": 0.00784, "offset": -1}},
              {"class_name": "Normalization", "config": {"mean": [0.5], "variance": null}},
              {"class_name": "Dense", "config": {"activation": "linear"}}]}}""");
    assertThat(config.preprocessing())
        .containsExactly(
            "layer Normalization mean [0.5]", "layer Rescaling scale 0.00784 offset -1");
    assertThat(new KerasConfig(Path.of("m.keras"), "{}").preprocessing()).isEmpty();
  }
}
