package dev.mixer4j.weights.names;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.TensorFile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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

  /** What tables of other networks need: packed tensors, other shapes, tensors that may lack. */
  private static final NameTable ATTENTION =
      NameTable.parse(
          Stream.of(
              "# a comment",
              "@names PyTorch",
              "@set heads 4",
              "block.{i}.in_proj.{weight|w}   Block_{i}/query/kernel   part 1/3 1,0",
              "block.{i}.in_proj.{weight|w}   Block_{i}/key/kernel     part 2/3 1,0",
              "block.{i}.in_proj.{weight|w}   Block_{i}/value/kernel   part 3/3 1,0",
              "position                       position                 squeeze 0",
              "bias                           bias                     or 0.5",
              "steps                          -                        zero",
              "unused                         -"));

  /** Layers that are only numbered, as nn.Sequential does, with others in front and behind. */
  @Test
  void numbersAreComputed() {
    NameTable table =
        NameTable.parse(
            Stream.of(
                "@names PyTorch",
                "0.weight stem/kernel 1,0",
                "{i+2}.0.weight Block_{i}/kernel 1,0",
                "net.{2i+1}.bias dense{i+1}/bias -",
                "{n+4}.weight head/kernel 1,0"));
    Set<String> names =
        Set.of("0.weight", "2.0.weight", "3.0.weight", "net.1.bias", "net.3.bias", "6.weight");
    NameTable two = table.forNames(names);
    assertThat(names).allMatch(two::knows);
    assertThat(variables(two.targets("3.0.weight"))).containsExactly("Block_1/kernel");
    assertThat(variables(two.targets("net.3.bias"))).containsExactly("dense2/bias");
    assertThat(variables(two.targets("6.weight"))).containsExactly("head/kernel");
    assertThat(two.knows("4.0.weight")).isFalse();
    assertThat(two.plan(Map.of("head/kernel", shape("4,3"), "dense1/bias", shape("4"))))
        .extracting(NameTable.Planned::name)
        .containsExactlyInAnyOrder("6.weight", "net.1.bias");
    assertThat(table.forNames(Set.of("module.0.weight", "module.2.0.weight", "module.5.weight")))
        .matches(one -> one.knows("5.weight") && !one.knows("6.weight"));
  }

  /** Trying every number of layers would take minutes for these. */
  @Test
  void manyNamesOfOtherNetworksTakeNoLongTime() {
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      names.add("blocks." + i + ".mlp.fc1.weight");
      names.add("blocks." + i + ".mlp.fc2.weight");
    }
    List<NameTable> tables =
        assertTimeoutPreemptively(
            Duration.ofSeconds(30),
            () ->
                NameTable.all("mlp", "torch").stream().map(each -> each.forNames(names)).toList());
    assertThat(tables).noneMatch(table -> table.knows("fc3.weight") || table.knows("8.weight"));
  }

  private static List<String> variables(List<NameTable.Target> targets) {
    return targets.stream().map(NameTable.Target::variable).toList();
  }

  @Test
  void packedTensorsFillSeveralVariables() {
    assertThat(variables(ATTENTION.targets("block.3.in_proj.w")))
        .containsExactly("Block_3/query/kernel", "Block_3/key/kernel", "Block_3/value/kernel");
    List<NameTable.Planned> plan =
        ATTENTION.plan(
            Map.of("Block_3/key/kernel", shape("5,2"), "position", shape("7,5"))); // any order
    assertThat(plan)
        .extracting(NameTable.Planned::name, NameTable.Planned::shape)
        .containsExactlyInAnyOrder(
            tuple("block.3.in_proj.weight", shape("6,5")),
            tuple("position", shape("1,7,5")),
            tuple("steps", Shape.scalar()));
  }

  @Test
  void tensorsThatAreNotReadAreKnown() {
    assertThat(ATTENTION.knows("steps")).isTrue();
    assertThat(ATTENTION.targets("steps")).isEmpty();
    assertThat(ATTENTION.targets("unused")).isEmpty();
    assertThat(ATTENTION.knows("other")).isFalse();
  }

  @Test
  void fallbacksAndSettings() {
    assertThat(ATTENTION.fallback("bias")).contains(0.5f);
    assertThat(ATTENTION.fallback("position")).isEmpty();
    assertThat(ATTENTION.settings()).containsExactly(Map.entry("heads", "4"));
    assertThat(ATTENTION.owner()).isEqualTo("PyTorch");
  }

  /** In each table, every variable of the family's networks has a name, and every name a place. */
  @ParameterizedTest
  @CsvSource({
    "mixer, flax",
    "mixer, torch",
    "mixer, keras",
    "mixer, paddle",
    "lenet5, flax",
    "lenet5, torch",
    "resnet, flax",
    "resnet, torch",
    "mlp, flax",
    "mlp, torch",
    "gru, flax",
    "gru, torch",
    "vit, flax",
    "vit, torch",
    "resmlp, flax",
    "resmlp, torch",
    "vip, flax",
    "vip, torch"
  })
  void everyTableCoversItsFamily(String family, String framework) {
    List<Network> networks =
        new ArrayList<>(Networks.family(family).orElseThrow().presets().values());
    if (family.equals("resnet")) {
      networks.add(new ResNet(ImageInput.square(8, 3), 2, ResNet.Shortcut.CONV));
    }
    for (Network network : networks) {
      NameTable table =
          NameTable.of(network.family(), network.shapes().keySet(), framework).orElseThrow();
      List<String> filled = new ArrayList<>();
      for (NameTable.Planned planned : table.plan(network.shapes())) {
        filled.addAll(variables(table.targets(planned.name())));
        planned
            .pieces()
            .forEach(
                piece ->
                    assertThat(piece.layout().shape(network.shapes().get(piece.variable())))
                        .isEqualTo(planned.shape()));
      }
      assertThat(filled).containsExactlyElementsOf(network.shapes().keySet());
    }
  }

  private static Shape shape(String sizes) {
    return Shape.of(Arrays.stream(sizes.split(",")).mapToLong(Long::parseLong).toArray());
  }
}
