package dev.mixer4j.weights;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code config.json} beside the weights in a folder of a model hub says of them: timm's
 * {@code pretrained_cfg} and {@code label_names}, and transformers' {@code id2label}. Its network
 * is not read: the tensors tell it.
 *
 * @param mean of pixels scaled to [0, 1], one for each channel; null if it is not said
 * @param std of pixels scaled to [0, 1], one for each channel; null if it is not said
 * @param classNames empty if they are not said
 */
record HubConfig(
    List<Float> mean,
    List<Float> std,
    Optional<ImageTransform> transform,
    List<String> classNames) {

  static final HubConfig NONE = new HubConfig(null, null, Optional.empty(), List.of());

  /** Reads the file beside weights that have a hub's name; {@link #NONE} if there is none. */
  static HubConfig beside(Path weights) throws IOException {
    Path folder = Files.isDirectory(weights) ? weights : weights.toAbsolutePath().getParent();
    String name = weights.getFileName().toString();
    boolean hubs =
        Files.isDirectory(weights)
            || name.startsWith("model.safetensors")
            || name.equals("pytorch_model.bin");
    Path config = folder.resolve("config.json");
    if (!hubs || !Files.isRegularFile(config)) {
      return NONE;
    }
    try {
      byte[] text = RegularFile.read(config, BoundedJson.MAX_BYTES);
      return of(BoundedJson.read(new String(text, UTF_8)));
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(
          config + ": " + e.getMessage() + "; move it away to do without", e);
    }
  }

  private static HubConfig of(JsonNode root) {
    JsonNode images = root.has("pretrained_cfg") ? root.get("pretrained_cfg") : root;
    return new HubConfig(
        numbers(images.path("mean")), numbers(images.path("std")), transform(images), names(root));
  }

  private static List<Float> numbers(JsonNode array) {
    List<Float> numbers = new ArrayList<>();
    array.forEach(each -> numbers.add((float) each.asDouble(Double.NaN)));
    return numbers.isEmpty() ? null : numbers;
  }

  private static Optional<ImageTransform> transform(JsonNode images) {
    String interpolation = images.path("interpolation").asText();
    String mode = images.path("crop_mode").asText("center");
    double fraction = images.path("crop_pct").asDouble();
    if (!interpolation.matches("bicubic|bilinear") || !mode.equals("center") || fraction == 0) {
      return Optional.empty();
    }
    return Optional.of(
        ImageTransform.parse("center-crop %s %s".formatted(fraction, interpolation)));
  }

  private static List<String> names(JsonNode root) {
    List<String> names = new ArrayList<>();
    root.path("label_names").forEach(name -> names.add(name.asText()));
    TreeMap<Integer, String> byId = new TreeMap<>();
    root.path("id2label")
        .properties()
        .forEach(each -> byId.put(Integer.parseInt(each.getKey()), each.getValue().asText()));
    return names.isEmpty() ? List.copyOf(byId.values()) : names;
  }
}
