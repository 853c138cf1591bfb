package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {

  private static final Path NPZ = Fixtures.path("narrow.npz");
  private static final Path PTH = Fixtures.path("narrow.pth");

  @TempDir private Path folder;

  @Test
  void theSameFileIsTheSame() {
    CommandRun run = CommandRun.of("diff", NPZ, NPZ);
    assertThat(run.out()).isEqualToIgnoringNewLines("the same: 30 tensors, bit for bit");
    assertThat(run.code()).isZero();
  }

  @Test
  void theSameTensorsInTwoFormatsDifferInWhatTheFormatsMean() {
    CommandRun run = CommandRun.of("diff", NPZ, PTH);
    assertThat(run.out()).contains("GELU: tanh / erf", "the same 30 tensors", "different settings");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void theTransformIsASetting() throws IOException {
    Path timm = write("timm.h5", Optional.of(ImageTransform.TIMM));
    Path fit = write("fit.h5", Optional.of(ImageTransform.FIT));
    CommandRun run = CommandRun.of("diff", timm, fit);
    assertThat(run.out()).contains("transform: center-crop 0.875 bicubic / fit");
    assertThat(run.code()).isEqualTo(1);
    // What a file does not say is taken as timm's.
    assertThat(CommandRun.of("diff", timm, write("unknown.h5", Optional.empty())).code()).isZero();
  }

  private Path write(String name, Optional<ImageTransform> transform) throws IOException {
    RandomWeights weights = new RandomWeights(RandomWeights.TINY, List.of(), transform);
    Origin source = new Origin("npz", "0".repeat(64));
    Path file = folder.resolve(name);
    CheckpointWriter.write(
        file, TargetFormat.H5, weights, weights.info().withOrigin(source), false, bytes -> {});
    return file;
  }

  @Test
  void aChangedTensorIsNamedWithItsDifference() throws IOException {
    Path changed = folder.resolve("changed.safetensors");
    byte[] bytes = Files.readAllBytes(Fixtures.path("narrow.safetensors"));
    bytes[bytes.length - 1] ^= (byte) 0x80; // the last tensor's last number changes its sign
    Files.write(changed, bytes);
    CommandRun run = CommandRun.of("diff", Fixtures.path("narrow.safetensors"), changed);
    assertThat(run.out())
        .contains(": 1 of ", "max |difference|", "different: 1 of 30 shared tensors");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void otherGeometriesAreComparedWhereTheyMeet() {
    CommandRun run = CommandRun.of("diff", NPZ, Fixtures.path("nohead.pth"));
    assertThat(run.out()).contains("head/kernel: only in " + NPZ, "of 28 shared tensors");
    run = CommandRun.of("diff", Fixtures.path("narrow.npz"), Fixtures.path("square.npz"));
    assertThat(run.out()).contains("image size: 24 / 16", "stem/kernel: shape [8, 8, 3, 20] / [4");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void jsonSaysTheSame() throws IOException {
    CommandRun run = CommandRun.of("diff", "--json", NPZ, Fixtures.path("nohead.pth"));
    JsonNode json = new JsonMapper().readTree(run.out());
    assertThat(json.get("same").booleanValue()).isFalse();
    assertThat(json.get("settings").get("GELU").textValue()).isEqualTo("tanh / erf");
    assertThat(json.get("only_in_a")).hasSize(2);
    assertThat(json.get("only_in_b")).isEmpty();
    assertThat(json.get("tensors")).hasSize(28);
    assertThat(json.get("tensors").get(0).get("different").intValue()).isZero();
    run = CommandRun.of("diff", "--json", NPZ, NPZ);
    assertThat(new JsonMapper().readTree(run.out()).get("same").booleanValue()).isTrue();
  }

  @Test
  void aFileThatCannotBeReadIsTold() {
    CommandRun run = CommandRun.of("diff", NPZ, folder.resolve("missing"));
    assertThat(run.err()).contains("missing: no such file");
    assertThat(run.code()).isEqualTo(3);
  }
}
