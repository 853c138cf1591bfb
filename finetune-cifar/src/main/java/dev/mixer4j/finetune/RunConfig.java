package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.optim.OptimizerSettings;
import dev.mixer4j.weights.MixerCheckpoint;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.command.Version;
import org.tensorflow.TensorFlow;

/** All that is needed to repeat a run, as JSON. */
final class RunConfig {

  private RunConfig() {}

  static ObjectNode toJson(
      TrainSettings settings,
      MixerCheckpoint start,
      MixerConfig network,
      Source source,
      Dataset data,
      int trainImages,
      int testImages) {
    ObjectNode root = new JsonMapper().createObjectNode();
    root.putObject("settings")
        .put("epochs", settings.epochs())
        .put("batch_size", settings.batchSize())
        .put("learning_rate", settings.learningRate())
        .put("seed", settings.seed())
        .put("shuffle", settings.shuffle())
        .put("augment", settings.augment())
        .put("log_every", settings.logEvery());
    root.set("optimizer", OptimizerSettings.of("adam").toJson());
    root.putObject("weights")
        .put("path", start.path().toString())
        .put("format", source.format())
        .put("sha256", source.sha256())
        .put("zero_head", hasNewHead(start));
    root.set("network", network(network));
    ObjectNode images = root.putObject("data");
    images.put("kind", data.kind()).put("path", data.path().toString());
    images.put("train_images", trainImages).put("test_images", testImages);
    ArrayNode names = images.putArray("class_names");
    data.classNames().forEach(names::add);
    root.putObject("versions")
        .put("mixer4j", new Version().getVersion()[0])
        .put("tensorflow", TensorFlow.version())
        .put("java", Runtime.version().toString())
        .put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .put("processors", Runtime.getRuntime().availableProcessors());
    return root;
  }

  /** Whether the head is one of zeros, because the file's has other classes or there is none. */
  static boolean hasNewHead(MixerCheckpoint start) {
    return !start.used().containsValue("head/kernel");
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
}
