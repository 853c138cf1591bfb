package dev.mixer4j.weights.names;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.TensorFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class NameTableTest {

  /** Every name that a framework wrote has a place, no two the same one, and none is left empty. */
  @ParameterizedTest
  @ValueSource(strings = {"deep.npz", "deep.safetensors"})
  void oneToOneWithTheFrameworksOwnNames(String fixture) throws IOException {
    Set<String> targets = new TreeSet<>();
    try (TensorFile file = TensorFiles.open(Fixtures.path(fixture))) {
      NameTable names = NameTable.of("mixer", file.format().framework()).orElseThrow();
      for (String source : file.tensors().keySet()) {
        assertThat(targets.add(names.targets(source).get(0).variable())).as(source).isTrue();
      }
    }
    assertThat(targets).isEqualTo(Mixer.of(12, 2, 12, 11, 30, 18, 3).shapes().keySet());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "torch;stem.proj.weight;stem/kernel;20,3,8,9;8,9,3,20",
        "torch;head.weight;head/kernel;7,20;20,7",
        "torch;head.bias;head/bias;7;7",
        "torch;blocks.10.mlp_tokens.fc2.weight;MixerBlock_10/token_mixing/Dense_1/kernel;9,4;4,9",
        "torch;blocks.7.norm2.weight;MixerBlock_7/LayerNorm_1/scale;20;20",
        "flax;MixerBlock_10/channel_mixing/Dense_0/kernel;"
            + "MixerBlock_10/channel_mixing/Dense_0/kernel;20,36;20,36"
      })
  void targets(String framework, String source, String name, String before, String after) {
    NameTable table = NameTable.of("mixer", framework).orElseThrow();
    NameTable.Target target = table.targets(source).get(0);
    assertThat(target.variable()).isEqualTo(name);
    assertThat(target.layout().shape(shape(before))).isEqualTo(shape(after));
    assertThat(table.plan(Map.of(name, shape(after))).get(0))
        .extracting(NameTable.Planned::name, NameTable.Planned::shape)
        .containsExactly(source, shape(before));
  }

  private static Shape shape(String sizes) {
    return Shape.of(Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray());
  }
}
