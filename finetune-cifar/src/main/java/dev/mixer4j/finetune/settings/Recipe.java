package dev.mixer4j.finetune.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A recipe: training settings in a small readable file; see {@link TrainSettings}. */
public final class Recipe {

  public static final List<String> NAMES =
      List.of(
          "adam",
          "paper",
          "linear-probe",
          "cifar10-published",
          "mnist-adam",
          "mnist-mlp",
          "mnist-mixer",
          "cifar-scratch");

  /** The one that weights are trained by if none is named. */
  public static final String FOR_WEIGHTS = "adam";

  /** The one that networks are trained by from scratch if none is named. */
  public static final String FROM_SCRATCH = "mnist-adam";

  private static final String MODEL = "model";

  private static final int MAX_BYTES = 1 << 20;

  private Recipe() {}

  /** The settings of one of {@link #NAMES} or a JSON file; {@link MixerException} if neither. */
  public static ObjectNode load(String nameOrFile) throws IOException {
    return read(nameOrFile).without(MODEL);
  }

  /**
   * The network that a recipe trains from scratch if neither weights nor another one are given: its
   * name, as {@code --model} takes it, and its settings; null if the recipe has none.
   */
  public static ObjectNode model(String nameOrFile) throws IOException {
    JsonNode model = read(nameOrFile).path(MODEL);
    if (model.isMissingNode()) {
      return null;
    }
    if (model instanceof ObjectNode described && described.path("name").isTextual()) {
      return described;
    }
    throw new MixerException(
        "recipe %s: model: expected an object with a name, found %s".formatted(nameOrFile, model));
  }

  private static ObjectNode read(String nameOrFile) throws IOException {
    if (NAMES.contains(nameOrFile)) {
      try (InputStream in = Recipe.class.getResourceAsStream("recipes/" + nameOrFile + ".json")) {
        return (ObjectNode) new JsonMapper().readTree(in);
      }
    }
    Path file = Path.of(nameOrFile);
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
      throw new MixerException(
          "recipe '%s': expected %s or a JSON file of settings, found neither"
              .formatted(nameOrFile, String.join(", ", NAMES)));
    }
    try {
      JsonNode json = new JsonMapper().readTree(Files.readAllBytes(file));
      // A run's config.json has the settings as a member.
      JsonNode settings = json.has("settings") ? json.get("settings") : json;
      if (settings instanceof ObjectNode own) {
        return with(load(FOR_WEIGHTS), own); // the rest is as in the default recipe
      }
      throw new MixerException(file + ": expected a JSON object of settings");
    } catch (JsonProcessingException e) {
      throw new MixerException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * A recipe with some settings replaced, or removed by null. Another optimizer does not inherit
   * the recipe's numbers; epochs replace steps, and steps replace epochs.
   */
  public static ObjectNode with(ObjectNode recipe, ObjectNode overrides) {
    ObjectNode merged = recipe.deepCopy();
    if (overrides.has("epochs") || overrides.has("steps")) {
      merged.remove(List.of("epochs", "steps"));
    }
    overrides
        .properties()
        .forEach(
            field -> {
              JsonNode own = merged.get(field.getKey());
              JsonNode name = field.getValue().get("name");
              if (own instanceof ObjectNode numbers
                  && field.getValue() instanceof ObjectNode given
                  && (name == null || name.equals(own.get("name")))) {
                numbers.setAll(given);
              } else if (field.getValue().isNull()) {
                merged.remove(field.getKey());
              } else {
                merged.set(field.getKey(), field.getValue());
              }
            });
    return merged;
  }
}
