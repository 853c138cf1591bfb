package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** A converted file gives the logits that the source's framework computes. */
class FixtureLogitsTest {

  private static final double TOLERANCE = 2e-5;

  @TempDir private Path folder;

  static Stream<Arguments> sources() {
    List<Arguments> all = new ArrayList<>();
    for (String name : Fixtures.GEOMETRIES) {
      all.add(Arguments.of(name, name + ".npz", null, "flax"));
      all.add(Arguments.of(name, name + ".pth", null, "timm"));
      all.add(Arguments.of(name, name + ".safetensors", null, "timm"));
    }
    all.add(Arguments.of("narrow", "narrow.npz", Gelu.ERF, "timm"));
    all.add(Arguments.of("narrow", "narrow.pth", Gelu.TANH, "flax"));
    all.add(Arguments.of("narrow", "narrow.compressed.npz", null, "flax"));
    all.add(Arguments.of("narrow", "pth_plain_dict.pth", null, "timm"));
    all.add(Arguments.of("narrow", "pth_parameters.pth", null, "timm"));
    all.add(Arguments.of("narrow", "pth_views.pth", null, "timm"));
    all.add(Arguments.of("nohead", "nohead.pth", null, "timm"));
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("sources")
  void logitsOfTheConvertedFile(String name, String source, Gelu gelu, String framework)
      throws IOException {
    Path target = folder.resolve(name + ".h5");
    List<Object> command = new ArrayList<>(List.of("convert", Fixtures.path(source), "-o", target));
    if (gelu != null) {
      command.addAll(List.of("--gelu", gelu));
    }
    CommandRun run = CommandRun.of(command.toArray());
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();

    NpyFile x = NpyFile.read(Fixtures.path(name + ".x.npy"));
    NpyFile y = NpyFile.read(Fixtures.path(name + "." + framework + ".npy"));
    try (Checkpoint checkpoint = Checkpoint.open(target);
        ImageClassifier classifier = new ImageClassifier(checkpoint);
        TFloat32 images = TFloat32.tensorOf(x.shape(), DataBuffers.of(x.values()))) {
      assertThat(checkpoint.network())
          .isEqualTo(Fixtures.geometry(name, framework.equals("flax") ? Gelu.TANH : Gelu.ERF));
      float[][] logits = classifier.logits(images);
      assertThat(y.shape().asArray()).containsExactly(logits.length, logits[0].length);
      double largest = 1;
      double difference = 0;
      for (float[] row : logits) {
        for (float logit : row) {
          float expected = y.values().get();
          largest = Math.max(largest, Math.abs(expected));
          difference = Math.max(difference, Math.abs((double) logit - expected));
        }
      }
      assertThat(difference).isLessThanOrEqualTo(TOLERANCE * largest);
    }
  }
}
