package dev.mixer4j.weights;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Networks;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The JSON form of a network: its family and its settings, named as the components of its record
 * but with underscores.
 *
 * <pre>{@code
 * {"family": "lenet5", "input": {"height": 28, "width": 28, "channels": 1,
 *     "mean": [0.5], "std": [0.5]}, "classes": 10}
 * }</pre>
 */
public final class NetworkJson {

  private static final String FAMILY = "family";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
          .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .defaultSetterInfo(JsonSetter.Value.construct(Nulls.FAIL, Nulls.FAIL))
          .build();

  private NetworkJson() {}

  /**
   * {@return the JSON of a network}
   *
   * @param network of any family
   */
  public static ObjectNode write(Network network) {
    ObjectNode settings = JSON.valueToTree(network);
    return JSON.createObjectNode().put(FAMILY, network.family()).setAll(settings);
  }

  /**
   * {@return the network that a JSON text describes}
   *
   * @param json as {@link #write} makes it
   * @throws IllegalArgumentException if a setting is missing, unknown or out of its range
   */
  public static Network read(JsonNode json) {
    JsonNode name = json.path(FAMILY);
    List<String> names = Networks.FAMILIES.stream().map(Family::name).toList();
    Family family =
        Networks.family(name.asText())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "family: expected one of %s, found %s".formatted(names, name)));
    JsonNode settings = ((ObjectNode) json).deepCopy().without(FAMILY);
    Network any = family.presets().values().iterator().next();
    checkNames(family.name(), settings, write(any).without(FAMILY));
    try {
      return JSON.treeToValue(settings, family.type());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(problem(e, json), e);
    }
  }

  private static void checkNames(String owner, JsonNode json, JsonNode known) {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String name = field.getKey();
      if (!known.has(name)) {
        throw new IllegalArgumentException(
            "%s has no setting '%s'; it has %s"
                .formatted(
                    owner, name, known.properties().stream().map(Map.Entry::getKey).toList()));
      }
      checkNames(name, field.getValue(), known.get(name));
    }
  }

  private static String problem(JsonProcessingException e, JsonNode json) {
    if (e.getCause() instanceof IllegalArgumentException refused) { // by the record
      return refused.getMessage();
    }
    List<JsonMappingException.Reference> path =
        e instanceof JsonMappingException mapping ? mapping.getPath() : List.of();
    String name = json.path(FAMILY).asText();
    JsonNode found = json;
    for (JsonMappingException.Reference step : path) {
      if (step.getFieldName() != null) {
        name = step.getFieldName();
        found = found.path(name);
      }
    }
    boolean inList = !path.isEmpty() && path.get(path.size() - 1).getFieldName() == null;
    Class<?> type =
        e instanceof MismatchedInputException mismatch
            ? mismatch.getTargetType()
            : e.getCause() instanceof InputCoercionException tooLarge
                ? tooLarge.getTargetType()
                : Object.class;
    return "%s: expected %s, found %s"
        .formatted(
            name, inList ? kind(List.class) : kind(type), found.isMissingNode() ? "none" : found);
  }

  private static String kind(Class<?> type) {
    if (type.isEnum()) {
      return "one of " + Arrays.toString(type.getEnumConstants());
    }
    if (Collection.class.isAssignableFrom(type)) {
      return "a list of numbers";
    }
    return type == int.class ? "a whole number" : type == float.class ? "a number" : "an object";
  }

  /**
   * {@return a network with some settings changed}
   *
   * @param network of any family
   * @param changes settings by name
   * @throws IllegalArgumentException if the family has no such setting, or a value is out of range
   */
  public static Network with(Network network, ObjectNode changes) {
    ObjectNode json = write(network);
    for (Map.Entry<String, JsonNode> change : changes.properties()) {
      if (json.get(change.getKey()) instanceof ObjectNode inner
          && change.getValue() instanceof ObjectNode innerChanges) {
        inner.setAll(innerChanges);
      } else {
        json.set(change.getKey(), change.getValue());
      }
    }
    return read(json);
  }

  static Network with(Network network, Map<String, String> changes) {
    ObjectNode json = JSON.createObjectNode();
    changes.forEach(json::put);
    return changes.isEmpty() ? network : with(network, json);
  }

  /**
   * {@return one line for messages, such as {@code lenet5 (input 28 x 28 x 1, classes 10)}}
   *
   * @param network of any family
   */
  public static String describe(Network network) {
    StringJoiner settings = new StringJoiner(", ", network.family() + " (", ")");
    ImageInput input = network.input();
    settings.add("input %d x %d x %d".formatted(input.height(), input.width(), input.channels()));
    for (Map.Entry<String, JsonNode> setting : write(network).properties()) {
      if (setting.getValue().isValueNode() && !setting.getKey().equals(FAMILY)) {
        settings.add(setting.getKey() + " " + setting.getValue().asText());
      }
    }
    return settings.toString();
  }
}
