package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Profile;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.RandomWeights;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {

  private static final Origin SOURCE = new Origin("pth", "ef".repeat(32));

  @TempDir private Path folder;

  private static JsonNode json(Path file) throws IOException {
    CommandRun run = CommandRun.of("inspect", file, "--json");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    return new JsonMapper().readTree(run.out());
  }

  @Test
  void text() {
    Path file = Fixtures.path("narrow.pth");
    CommandRun run = CommandRun.of("inspect", file);
    assertThat(run.code()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines().toList())
        .hasSize(12 + 30)
        .startsWith(
            file + ": a Mixer of its own size, 7,749 parameters",
            "  geometry      image 24, patch 8, 9 tokens, hidden 20, 2 blocks")
        .contains(
            "  computation   75.20 k multiply-accumulates an image",
            "  format        pth",
            "  GELU          erf",
            "  images        transform not known")
        .anyMatch(
            line ->
                line.matches("  stem\\.proj\\.weight +float32 +\\[20, 3, 8, 8\\] +stem/kernel"));
  }

  @Test
  void jsonOfAForeignFile() throws IOException {
    Path file = Fixtures.path("narrow.safetensors");
    JsonNode json = json(file);
    assertThat(json.get("file").textValue()).isEqualTo(file.toString());
    assertThat(json.get("format").textValue()).isEqualTo("safetensors");
    assertThat(json.get("preset").isNull()).isTrue();
    Mixer config = Fixtures.geometry("narrow", Gelu.ERF);
    assertThat(json.get("parameters").longValue()).isEqualTo(config.parameterCount());
    assertThat(json.get("multiply_accumulates").longValue())
        .isEqualTo(Profile.of(config).multiplyAccumulates());
    JsonNode network = json.get("network");
    assertThat(network.get("family").textValue()).isEqualTo("mixer");
    assertThat(numbers(network.get("input"), "height", "width", "channels"))
        .containsExactly(24, 24, 3);
    assertThat(numbers(network, "patch_size", "hidden_size", "blocks")).containsExactly(8, 20, 2);
    assertThat(numbers(network, "tokens_mlp_size", "channels_mlp_size", "classes"))
        .containsExactly(14, 36, 7);
    assertThat(network.get("gelu").textValue()).isEqualTo("erf");
    assertThat(network.get("layer_norm_epsilon").floatValue()).isEqualTo(1e-6f);
    assertThat(network.get("input").get("mean").toString()).isEqualTo("[0.5,0.5,0.5]");
    assertThat(network.get("input").get("std").toString()).isEqualTo("[0.5,0.5,0.5]");
    assertThat(json.get("transform").isNull()).isTrue();
    assertThat(json.get("class_names")).isEmpty();
    assertThat(json.has("source_format")).isFalse();
    assertThat(json.get("tensors")).hasSize(30);
    assertThat(tensor(json, "head.weight").toString())
        .isEqualTo(
            "{\"name\":\"head.weight\",\"dtype\":\"float32\",\"shape\":[7,20],"
                + "\"canonical_name\":\"head/kernel\"}");
  }

  private static List<Integer> numbers(JsonNode json, String... fields) {
    List<Integer> numbers = new ArrayList<>();
    for (String field : fields) {
      numbers.add(json.get(field).intValue());
    }
    return numbers;
  }

  private static JsonNode tensor(JsonNode json, String name) {
    for (JsonNode tensor : json.get("tensors")) {
      if (tensor.get("name").textValue().equals(name)) {
        return tensor;
      }
    }
    throw new AssertionError("no " + name);
  }

  @Test
  void jsonOfAConvertedFile() throws IOException {
    Path file = folder.resolve("a.h5");
    RandomWeights weights =
        new RandomWeights(
            RandomWeights.TINY, List.of("Katze", "犬"), Optional.of(ImageTransform.FIT));
    CheckpointWriter.write(
        file, TargetFormat.H5, weights, weights.info().withOrigin(SOURCE), false, bytes -> {});
    JsonNode json = json(file);
    assertThat(json.get("format").textValue()).isEqualTo(Format.H5.toString());
    assertThat(json.get("source_format").textValue()).isEqualTo("pth");
    assertThat(json.get("source_sha256").textValue()).isEqualTo(SOURCE.sha256());
    assertThat(json.get("transform").textValue()).isEqualTo("fit");
    assertThat(json.get("class_names").toString()).isEqualTo("[\"Katze\",\"犬\"]");

    assertThat(CommandRun.of("inspect", file).out())
        .contains("  made from     pth, SHA-256 " + SOURCE.sha256())
        .contains("  images        fit")
        .contains("  class names   Katze, 犬");
  }

  private record Zeros(Network network) implements Weights {
    @Override
    public void read(String name, FloatBuffer destination) {
      destination.put(new float[(int) network.shapes().get(name).size()]);
    }

    @Override
    public void close() {}
  }

  @Test
  void preset() throws IOException {
    // S/32 for one class at 32 pixels, the smallest file that has a preset's name.
    Network config = Mixer.of(32, 32, 512, 8, 256, 2048, 1);
    Path file = folder.resolve("s32.h5");
    CheckpointWriter.write(
        file,
        TargetFormat.H5,
        new Zeros(config),
        ModelInfo.NONE.withOrigin(SOURCE),
        false,
        bytes -> {});
    assertThat(json(file).get("preset").textValue()).isEqualTo("Mixer-S/32");
    assertThat(CommandRun.of("inspect", file).out()).contains(": Mixer-S/32, ");
  }

  @Test
  void filesThatCannotBeRead() {
    CommandRun run = CommandRun.of("inspect", Fixtures.path("hostile_eval.pth"), "--json");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.out()).isEmpty();
    assertThat(run.err().lines()).hasSize(1);
    assertThat(run.err()).contains("hostile_eval.pth", "eval', which is refused");
  }
}
