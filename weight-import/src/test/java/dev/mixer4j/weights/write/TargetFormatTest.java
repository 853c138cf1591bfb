package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetFormatTest {

  private static final Origin SOURCE = new Origin("npz", "0".repeat(64));

  @TempDir private Path folder;

  /** Every seed is another geometry, through all formats in another order and back. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void aChainThroughAllFormatsIsExactToTheBit(long seed) throws IOException {
    Random random = new Random(seed);
    int patch = 1 + random.nextInt(4);
    Mixer config =
        Mixer.of(
            patch * (1 + random.nextInt(4)),
            patch,
            1 + random.nextInt(12),
            1 + random.nextInt(12),
            1 + random.nextInt(12),
            1 + random.nextInt(12),
            random.nextInt(5));
    RandomWeights original = new RandomWeights(config);
    List<TargetFormat> chain = new ArrayList<>(List.of(TargetFormat.values()));
    Collections.shuffle(chain, random);
    Path last = folder.resolve("0-" + chain.get(0));
    write(last, chain.get(0), original);
    for (int i = 1; i < chain.size(); i++) {
      Path next = folder.resolve(i + "-" + chain.get(i));
      try (Checkpoint checkpoint = Checkpoint.open(last)) {
        write(next, chain.get(i), checkpoint);
      }
      last = next;
    }
    try (Checkpoint checkpoint = Checkpoint.open(last)) {
      assertThat(checkpoint.network().shapes()).isEqualTo(config.shapes());
      for (String name : config.shapes().keySet()) {
        assertThat(Fixtures.values(checkpoint, name))
            .as("%s through %s", name, chain)
            .isEqualTo(original.values(name));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"H5", "SAFETENSORS", "SAVED_MODEL"})
  void someFormatsKeepEverything(TargetFormat format) throws IOException {
    Mixer config =
        RandomWeights.TINY
            .withGelu(Gelu.TANH)
            .withInput(
                RandomWeights.TINY
                    .input()
                    .withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(0.4f, 0.5f, 0.6f)));
    ImageTransform squash = ImageTransform.squash(Interpolation.BILINEAR);
    RandomWeights weights =
        new RandomWeights(config, List.of("a cat", "naïve = dog"), Optional.of(squash));
    Path file = folder.resolve("file");
    write(file, format, weights);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.network()).isEqualTo(config);
      assertThat(checkpoint.info().classNames()).isEqualTo(weights.info().classNames());
      assertThat(checkpoint.info().transform()).contains(squash);
      assertThat(checkpoint.info().origin()).contains(SOURCE);
    }
    assertThat(losses(format, new RandomWeights(config.withGelu(Gelu.ERF)))).isEmpty();
  }

  private static List<String> losses(TargetFormat format, RandomWeights weights) {
    return format.losses(new Metadata(weights.network(), weights.info()));
  }

  @Test
  void whatAFormatLosesIsSaid() {
    RandomWeights erf = new RandomWeights(RandomWeights.TINY);
    RandomWeights tanh = new RandomWeights(RandomWeights.TINY.withGelu(Gelu.TANH));
    assertThat(losses(TargetFormat.NPZ, tanh)).isEmpty();
    assertThat(losses(TargetFormat.NPZ, erf)).singleElement().asString().contains("erf");
    assertThat(losses(TargetFormat.SAFETENSORS, erf)).isEmpty();
    assertThat(losses(TargetFormat.SAFETENSORS, tanh)).singleElement().asString().contains("timm");
    Network shifted =
        tanh.network()
            .withInput(RandomWeights.TINY.input().withNormalization(List.of(0f), List.of(1f)));
    assertThat(losses(TargetFormat.TF_CHECKPOINT, new RandomWeights(shifted)))
        .singleElement()
        .asString()
        .contains("mean");
    assertThat(losses(TargetFormat.NPZ, transformed(ImageTransform.TIMM))).isEmpty();
    assertThat(losses(TargetFormat.NPZ, transformed(ImageTransform.FIT)))
        .singleElement()
        .asString()
        .contains("transform");
  }

  private static RandomWeights transformed(ImageTransform transform) {
    Mixer tanh = RandomWeights.TINY.withGelu(Gelu.TANH);
    return new RandomWeights(tanh, List.of(), Optional.of(transform));
  }

  @Test
  void extensionsTellFormats() {
    assertThat(TargetFormat.of(Path.of("a/b.H5"))).contains(TargetFormat.H5);
    assertThat(TargetFormat.of(Path.of("b.safetensors"))).contains(TargetFormat.SAFETENSORS);
    assertThat(TargetFormat.of(Path.of("b.npz"))).contains(TargetFormat.NPZ);
    assertThat(TargetFormat.of(Path.of("b.ckpt"))).contains(TargetFormat.TF_CHECKPOINT);
    assertThat(TargetFormat.of(Path.of("b"))).isEmpty();
  }

  /** The file that timm itself wrote from the same weights holds the same tensors. */
  @Test
  void safetensorsAreTimms() throws IOException {
    Path ours = folder.resolve("ours.safetensors");
    try (Checkpoint checkpoint = Checkpoint.open(Fixtures.path("narrow.npz"))) {
      write(ours, TargetFormat.SAFETENSORS, checkpoint);
    }
    try (TensorFile written = TensorFiles.open(ours);
        TensorFile timms = TensorFiles.open(Fixtures.path("narrow.safetensors"))) {
      assertThat(written.tensors()).containsExactlyInAnyOrderEntriesOf(timms.tensors());
      for (TensorInfo tensor : timms.tensors().values()) {
        assertThat(values(written, tensor)).as(tensor.name()).isEqualTo(values(timms, tensor));
      }
    }
  }

  @Test
  void theSameWeightsMakeTheSameNpz() throws IOException {
    RandomWeights weights = new RandomWeights(RandomWeights.TINY);
    write(folder.resolve("a.npz"), TargetFormat.NPZ, weights);
    write(folder.resolve("b.npz"), TargetFormat.NPZ, weights);
    assertThat(folder.resolve("a.npz")).hasSameBinaryContentAs(folder.resolve("b.npz"));
  }

  private static float[] values(TensorFile file, TensorInfo tensor) throws IOException {
    FloatBuffer values = FloatBuffer.allocate(tensor.elements());
    file.read(tensor.name(), values);
    return values.array();
  }

  private static void write(Path target, TargetFormat format, Model weights) throws IOException {
    CheckpointWriter.write(
        target, format, weights, weights.info().withOrigin(SOURCE), false, bytes -> {});
  }
}
