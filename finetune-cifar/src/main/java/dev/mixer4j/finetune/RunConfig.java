package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.report.Versions;
import dev.mixer4j.weights.Source;
import java.nio.file.Path;

/** All that is needed to repeat a run, or to go on with it, as JSON. */
final class RunConfig {

  private RunConfig() {}

  /**
   * What {@code config.json} holds.
   *
   * @param zeroHead whether the head is one of zeros, because the file's has other classes or there
   *     is none, or because the settings ask for it
   */
  static ObjectNode toJson(
      RunInput input,
      boolean zeroHead,
      MixerConfig network,
      Source source,
      Dataset data,
      TrainingRun.Images found) {
    ObjectNode root = new JsonMapper().createObjectNode();
    input.addTo(root);
    root.withObject("/weights")
        .put("format", source.format())
        .put("sha256", source.sha256())
        .put("zero_head", zeroHead);
    root.set("network", network(network));
    root.withObject("/data").setAll(images(data, found));
    root.set("versions", Versions.toJson());
    return root;
  }

  private static ObjectNode images(Dataset data, TrainingRun.Images found) {
    ObjectNode images = new JsonMapper().createObjectNode().put("kind", data.kind());
    images.put("train_images", found.train().size());
    images.put("validation_images", found.validation().size());
    images.put("test_images", found.test().size());
    data.classNames().forEach(images.withArray("class_names")::add);
    return images;
  }

  /**
   * Checks that a run goes on with the data that it began with: with others its order of images,
   * its schedule and its labels would be others.
   *
   * @throws MixerException if something tells that it does not
   */
  static void checkData(RunInput input, ObjectNode config, Dataset data, TrainingRun.Images found) {
    images(data, found)
        .properties()
        .forEach(
            now -> {
              JsonNode before = config.path("data").path(now.getKey());
              if (!before.equals(now.getValue())) {
                throw new MixerException(
                    "%s: expected the data that the run began with, of %s %s, found %s"
                        .formatted(input.data(), now.getKey(), before, now.getValue()));
              }
            });
  }

  private static ObjectNode network(MixerConfig config) {
    ObjectNode network = new JsonMapper().createObjectNode();
    network
        .put("image_size", config.imageSize())
        .put("patch_size", config.patchSize())
        .put("hidden_size", config.hiddenSize())
        .put("blocks", config.blocks())
        .put("tokens_mlp_size", config.tokensMlpSize())
        .put("channels_mlp_size", config.channelsMlpSize())
        .put("classes", config.classes())
        .put("gelu", config.gelu().toString())
        .put("layer_norm_epsilon", config.layerNormEpsilon());
    network.set("mean", channels(config.mean()));
    network.set("std", channels(config.std()));
    return network;
  }

  private static ArrayNode channels(Rgb values) {
    ArrayNode array = new JsonMapper().createArrayNode();
    for (float value : values.toArray()) {
      array.add(value);
    }
    return array;
  }

  /** The network of a run, whose weights its checkpoints hold. */
  static MixerConfig network(Path run, JsonNode config) {
    try {
      JsonNode network = config.required("network");
      return new MixerConfig(
          network.required("image_size").intValue(),
          network.required("patch_size").intValue(),
          network.required("hidden_size").intValue(),
          network.required("blocks").intValue(),
          network.required("tokens_mlp_size").intValue(),
          network.required("channels_mlp_size").intValue(),
          network.required("classes").intValue(),
          Gelu.of(network.required("gelu").asText()),
          network.required("layer_norm_epsilon").floatValue(),
          rgb(network.required("mean")),
          rgb(network.required("std")));
    } catch (IllegalArgumentException e) {
      throw new MixerException(run.resolve(RunFolder.CONFIG) + ": " + e.getMessage(), e);
    }
  }

  private static Rgb rgb(JsonNode values) {
    return new Rgb(
        values.required(0).floatValue(),
        values.required(1).floatValue(),
        values.required(2).floatValue());
  }

  /** What a run's weights were made from. */
  static Source source(JsonNode config) {
    JsonNode weights = config.path("weights");
    return new Source(weights.path("format").asText(), weights.path("sha256").asText());
  }
}
