package dev.mixer4j.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.format.elements.BoundedJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The description of a network that a file holds beside its tensors.
 *
 * @param network the network, with the settings that no tensor's shape shows
 * @param info class names, transform and origin, as far as they are known
 */
public record Metadata(Network network, ModelInfo info) {

  private static final JsonMapper JSON = new JsonMapper();

  /**
   * {@return everything as texts, by name} Class names are a JSON array, since they may hold any
   * character.
   */
  public Map<String, String> toNotes() {
    Map<String, String> notes = new LinkedHashMap<>();
    notes.put("network", NetworkJson.write(network).toString());
    info.transform().ifPresent(transform -> notes.put("transform", transform.toString()));
    info.origin().ifPresent(origin -> notes.put("source_format", origin.format()));
    info.origin().ifPresent(origin -> notes.put("source_sha256", origin.sha256()));
    if (!info.classNames().isEmpty()) {
      notes.put("class_names", JSON.valueToTree(info.classNames()).toString());
    }
    return notes;
  }

  /** Reads what {@link #toNotes} wrote; throws an IllegalArgumentException if it is damaged. */
  static Optional<Metadata> of(Map<String, String> notes) {
    if (notes.isEmpty()) {
      return Optional.empty();
    }
    Optional<Origin> origin =
        Optional.ofNullable(notes.get("source_format"))
            .map(format -> new Origin(format, notes.getOrDefault("source_sha256", "")));
    List<String> names = new ArrayList<>();
    if (notes.containsKey("class_names")) {
      json(notes, "class_names").forEach(name -> names.add(name.asText()));
    }
    Optional<ImageTransform> transform =
        Optional.ofNullable(notes.get("transform")).map(ImageTransform::parse);
    JsonNode network = json(notes, "network");
    if (!network.isObject()) {
      throw new IllegalArgumentException("network: expected a JSON object, found " + network);
    }
    return Optional.of(
        new Metadata(NetworkJson.read(network), new ModelInfo(names, transform, origin)));
  }

  private static JsonNode json(Map<String, String> notes, String name) {
    String text = notes.get(name);
    if (text == null) {
      throw new IllegalArgumentException(
          "no '%s'; convert the weights again from their source".formatted(name));
    }
    try {
      return BoundedJson.read(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }
}
