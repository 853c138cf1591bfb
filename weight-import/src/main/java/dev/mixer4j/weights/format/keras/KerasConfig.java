package dev.mixer4j.weights.format.keras;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.hdf5.Hdf5File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The numerics and layer names in a Keras model's configuration: {@code config.json} of a {@code
 * .keras} file or the attribute {@code model_config} of a whole model's {@code .h5}. Everything
 * else follows from the tensors' shapes.
 */
final class KerasConfig {

  /** What the head may end with; the importer's networks end with the logits. */
  private static final Set<String> HEADS = Set.of("linear", "softmax", "sigmoid");

  private static final Map<String, String> GELU = Map.of("gelu", "erf", "gelu_tanh", "tanh");

  private final Path path;
  private final Set<Float> epsilons = new TreeSet<>();
  private final Set<String> activations = new TreeSet<>();
  private final Set<String> preprocessing = new TreeSet<>();
  private final Map<String, String> layers = new HashMap<>();

  KerasConfig(Path path, String json) {
    this.path = path;
    try {
      JsonNode root = BoundedJson.read(json);
      collect(root);
      nameLayers(root.path("config").path("layers"));
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(path + ": its model configuration is " + e.getMessage(), e);
    }
  }

  /** The configuration in a file of the older format; an empty one if there is none. */
  static KerasConfig in(Hdf5File file) {
    Object text = file.attribute(file.root(), "model_config");
    return new KerasConfig(file.path(), text instanceof String json ? json : "{}");
  }

  private void collect(JsonNode node) {
    JsonNode config = node.path("config");
    switch (node.path("class_name").asText()) {
      case "LayerNormalization" -> addEpsilon(config.path("epsilon"));
      case "Activation", "Dense" -> addActivation(config.path("activation"));
      case "Gelu" -> activations.add(config.path("approximate").asBoolean() ? "gelu_tanh" : "gelu");
      case "TFOpLambda" -> addOperation(node, config);
      case "Rescaling", "Normalization", "Resizing", "CenterCrop" -> addPreprocessing(node, config);
      default -> {
        // Other layers have no numerics of their own.
      }
    }
    for (JsonNode child : node) {
      collect(child);
    }
  }

  private void addEpsilon(JsonNode epsilon) {
    float value = (float) epsilon.asDouble(Double.NaN);
    if (!(value > 0 && Float.isFinite(value))) {
      throw new MalformedFileException(
          path + ": a LayerNormalization's epsilon: expected a number above 0, found " + epsilon);
    }
    epsilons.add(value);
  }

  private void addActivation(JsonNode activation) {
    JsonNode name = activation.isObject() ? activation.path("config") : activation;
    if (name.isTextual() && !HEADS.contains(name.asText())) {
      activations.add(name.asText());
    }
  }

  /** In Keras 2, {@code tf.nn.gelu(x, approximate=True)} is a layer that calls an operation. */
  private void addOperation(JsonNode node, JsonNode config) {
    if (config.path("function").asText().equals("nn.gelu")) {
      boolean tanh = node.path("inbound_nodes").findValuesAsText("approximate").contains("true");
      activations.add(tanh ? "gelu_tanh" : "gelu");
    }
  }

  /** Such layers have no tensors, and the importer's networks take images behind them. */
  private void addPreprocessing(JsonNode node, JsonNode config) {
    StringBuilder text = new StringBuilder("layer ").append(node.path("class_name").asText());
    for (String setting : List.of("scale", "offset", "mean", "variance", "height", "width")) {
      if (config.hasNonNull(setting)) {
        text.append(' ').append(setting).append(' ').append(config.get(setting));
      }
    }
    preprocessing.add(text.toString());
  }

  /** The layers that preprocess images, in words. */
  Set<String> preprocessing() {
    return preprocessing;
  }

  /**
   * The directory that each layer has among the weights: its class's name, numbered from the second
   * of a class on (saving_lib.py, {@code _save_container_state}).
   */
  private void nameLayers(JsonNode list) {
    Map<String, Integer> seen = new HashMap<>();
    for (JsonNode layer : list) {
      String type =
          layer
              .path("class_name")
              .asText()
              .replaceAll("\\W+", "")
              .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
              .replaceAll("([a-z])([A-Z])", "$1_$2")
              .toLowerCase(Locale.ROOT);
      int number = seen.merge(type, 1, Integer::sum) - 1;
      String directory = "layers/" + type + (number == 0 ? "" : "_" + number);
      layers.put(directory, layer.path("config").path("name").asText());
    }
  }

  /** The name of the layer whose weights are in a directory, if the configuration names it. */
  Optional<String> layerName(String directory) {
    return Optional.ofNullable(layers.get(directory)).filter(name -> !name.isEmpty());
  }

  /** The form of GELU and LayerNorm's epsilon, if given; several are refused. */
  Map<String, String> settings() {
    if (epsilons.size() > 1) {
      throw new UnsupportedFileException(
          path + ": expected one epsilon for every LayerNormalization, found " + epsilons);
    }
    Map<String, String> settings = new HashMap<>();
    epsilons.forEach(epsilon -> settings.put("layer_norm_epsilon", String.valueOf(epsilon)));
    if (!activations.isEmpty()) {
      String form = activations.size() == 1 ? GELU.get(activations.iterator().next()) : null;
      if (form == null) {
        throw new UnsupportedFileException(
            path + ": expected GELU in one form as the only activation, found " + activations);
      }
      settings.put("gelu", form);
    }
    return settings;
  }
}
