package dev.mixer4j.weights.names;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.TensorFile;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameTableTest {

  /** Every name that a framework wrote has a place, no two the same one, and none is left empty. */
  @ParameterizedTest
  @ValueSource(strings = {"deep.npz", "deep.safetensors"})
  void oneToOneWithTheFrameworksOwnNames(String fixture) throws IOException {
    Set<String> targets = new TreeSet<>();
    try (TensorFile file = TensorFiles.open(Fixtures.path(fixture))) {
      NameTable names = NameTable.of(file.format().naming());
      for (String source : file.tensors().keySet()) {
        assertThat(targets.add(names.target(source).orElseThrow().name())).as(source).isTrue();
      }
    }
    assertThat(targets).isEqualTo(MixerConfig.of(12, 2, 12, 11, 30, 18, 3).variables().keySet());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "timm;stem.proj.weight;stem/kernel;2, 3, 1, 0",
        "timm;head.weight;head/kernel;1, 0",
        "timm;head.bias;head/bias;''",
        "timm;blocks.10.mlp_tokens.fc2.weight;MixerBlock_10/token_mixing/Dense_1/kernel;1, 0",
        "timm;blocks.7.norm2.weight;MixerBlock_7/LayerNorm_1/scale;''",
        "flax;MixerBlock_10/channel_mixing/Dense_0/kernel;"
            + "MixerBlock_10/channel_mixing/Dense_0/kernel;''"
      })
  void targets(String naming, String source, String name, String axes) {
    NameTable.Target target = NameTable.of(naming).target(source).orElseThrow();
    assertThat(target.name()).isEqualTo(name);
    assertThat(java.util.Arrays.toString(target.axes())).isEqualTo("[" + axes + "]");
  }
}
