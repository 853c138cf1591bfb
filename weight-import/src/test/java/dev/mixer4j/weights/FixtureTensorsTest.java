package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.layer.Gelu;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The reference frameworks wrote the same weights to several files: every tensor must come out of
 * each with the same bits. Logits alone would not show it, since LayerNorm cancels the bias of the
 * second token-mixing layer.
 */
class FixtureTensorsTest {

  static Stream<Arguments> filesOfTheSameWeights() {
    Stream<Arguments> formats =
        Fixtures.GEOMETRIES.stream()
            .flatMap(
                name ->
                    Stream.of(".pth", ".safetensors").map(end -> Arguments.of(name, name + end)));
    Stream<Arguments> unusual =
        Stream.of(
                "narrow.compressed.npz",
                "pth_plain_dict.pth",
                "pth_parameters.pth",
                "pth_views.pth",
                "nohead.pth")
            .map(file -> Arguments.of("narrow", file));
    return Stream.concat(formats, unusual);
  }

  @ParameterizedTest
  @MethodSource("filesOfTheSameWeights")
  void everyTensorHasTheBitsOfTheNpz(String name, String file) throws IOException {
    try (Checkpoint npz = Checkpoint.open(Fixtures.path(name + ".npz"));
        Checkpoint other = Checkpoint.open(Fixtures.path(file))) {
      for (String variable : other.network().shapes().keySet()) {
        assertThat(Fixtures.values(other, variable))
            .as(variable)
            .isEqualTo(Fixtures.values(npz, variable));
      }
    }
  }

  static Stream<Arguments> geometries() {
    Stream<Arguments> npz =
        Fixtures.GEOMETRIES.stream().map(name -> Arguments.of(name, name + ".npz", Gelu.TANH));
    Stream<Arguments> timm =
        Fixtures.GEOMETRIES.stream()
            .flatMap(
                name -> Stream.of(".pth", ".safetensors").map(end -> List.of(name, name + end)))
            .map(files -> Arguments.of(files.get(0), files.get(1), Gelu.ERF));
    Stream<Arguments> headless = Stream.of(Arguments.of("nohead", "nohead.pth", Gelu.ERF));
    return Stream.of(npz, timm, headless).flatMap(files -> files);
  }

  @ParameterizedTest
  @MethodSource("geometries")
  void geometryIsTheReferences(String name, String file, Gelu gelu) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(Fixtures.path(file))) {
      assertThat(checkpoint.network()).isEqualTo(Fixtures.geometry(name, gelu));
      assertThat(checkpoint.tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(checkpoint.used().keySet());
    }
  }
}
