package dev.mixer4j.finetune.settings;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Setting;
import dev.mixer4j.weights.settings.DeclaredSettings;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Records whose components are declared with {@link Setting}: their names, checks and JSON. */
public final class Settings {

  /** Made when first used, since the help of commands needs no JSON. */
  private static final class Json {
    private static final JsonMapper MAPPER =
        JsonMapper.builder()
            .defaultPropertyInclusion(
                JsonInclude.Value.construct(
                    JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();
  }

  private Settings() {}

  /** JSON with names in snake_case; components that are null are left out. */
  public static JsonMapper json() {
    return Json.MAPPER;
  }

  private static void checkNumbers(Record settings) {
    for (RecordComponent component : DeclaredSettings.of(settings.getClass())) {
      try {
        if (!component.getAnnotation(Setting.class).range().isEmpty()
            && component.getAccessor().invoke(settings) instanceof Number number
            && !DeclaredSettings.range(component).contains(number.doubleValue())) {
          throw new IllegalArgumentException(
              "%s: expected %s, found %s"
                  .formatted(
                      DeclaredSettings.jsonName(component),
                      DeclaredSettings.range(component),
                      number));
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Adds the declared defaults of numbers, booleans and enums that are missing. */
  static ObjectNode withDefaults(ObjectNode json, Class<?> type) {
    ObjectNode whole = json.deepCopy();
    for (RecordComponent component : DeclaredSettings.of(type)) {
      String text = component.getAnnotation(Setting.class).byDefault();
      if (!text.isEmpty() && !whole.has(DeclaredSettings.jsonName(component))) {
        if (component.getType().isPrimitive()) {
          whole.set(DeclaredSettings.jsonName(component), literal(text));
        } else if (component.getType().isEnum() && constants(component.getType()).contains(text)) {
          whole.put(DeclaredSettings.jsonName(component), text);
        }
      }
    }
    return whole;
  }

  private static JsonNode literal(String text) {
    try {
      return json().readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> constants(Class<?> type) {
    return Arrays.stream(type.getEnumConstants()).map(Objects::toString).toList();
  }

  public static ObjectNode toJson(Record settings) {
    return json().valueToTree(settings);
  }

  /**
   * Reads a record; {@link IllegalArgumentException} if a setting is unknown, of the wrong type or
   * out of range.
   */
  public static <T extends Record> T fromJson(ObjectNode json, Class<T> type) {
    try {
      T settings = json().treeToValue(json, type);
      checkNumbers(settings);
      return settings;
    } catch (UnrecognizedPropertyException e) {
      throw new IllegalArgumentException("there is no setting " + path(e), e);
    } catch (JsonMappingException e) {
      Throwable cause = e.getCause();
      throw new IllegalArgumentException(
          cause instanceof IllegalArgumentException
              ? cause.getMessage()
              : "%s: expected %s, found %s".formatted(path(e), expected(e), found(json, e)),
          e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  private static String expected(JsonMappingException e) {
    return kind(
        e instanceof MismatchedInputException mismatch
            ? mismatch.getTargetType()
            : e.getCause() instanceof InputCoercionException tooLarge
                ? tooLarge.getTargetType()
                : Object.class);
  }

  /** The values of a type, in words. */
  private static String kind(Class<?> type) {
    if (type.isEnum()) {
      return "one of " + constants(type);
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == int.class || type == Integer.class) {
      return "a whole number up to " + Integer.MAX_VALUE;
    }
    return type == long.class || type == Long.class
        ? "a whole number"
        : type == String.class ? "text" : "a number";
  }

  private static String found(JsonNode json, JsonMappingException e) {
    JsonNode found = json;
    for (JsonMappingException.Reference step : e.getPath()) {
      found = found.path(step.getFieldName());
    }
    return found.isTextual() ? "'" + found.textValue() + "'" : found.toString();
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(JsonMappingException.Reference::getFieldName)
        .collect(Collectors.joining("."));
  }
}
