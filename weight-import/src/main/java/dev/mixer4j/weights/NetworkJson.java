package dev.mixer4j.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Networks;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The JSON form of a network: its family and its settings, named as the components of its record
 * but with underscores.
 *
 * <pre>{@code
 * ObjectNode json = NetworkJson.write(Networks.preset("LeNet-5").orElseThrow());
 * Network network = NetworkJson.read(json);
 * }</pre>
 *
 * <p>The JSON of LeNet-5:
 *
 * <pre>{@code
 * {"family": "lenet5", "input": {"height": 28, "width": 28, "channels": 1,
 *     "mean": [0.5], "std": [0.5]}, "classes": 10}
 * }</pre>
 */
public final class NetworkJson {

  private static final String FAMILY = "family";

  private NetworkJson() {}

  /**
   * {@return the JSON of a network}
   *
   * @param network of any family
   */
  public static ObjectNode write(Network network) {
    ObjectNode node = JsonNodeFactory.instance.objectNode().put(FAMILY, network.family());
    put(node, (Record) network);
    return node;
  }

  private static void put(ObjectNode node, Record settings) {
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      String name = name(component);
      Object value = value(component, settings);
      if (value instanceof Record inner) {
        put(node.putObject(name), inner);
      } else if (value instanceof Integer number) {
        node.put(name, number);
      } else if (value instanceof Float number) {
        node.put(name, number);
      } else if (value instanceof List<?> list) {
        ArrayNode array = node.putArray(name);
        list.forEach(
            each -> {
              if (each instanceof Integer number) {
                array.add(number);
              } else {
                array.add((Float) each);
              }
            });
      } else if (value instanceof Boolean flag) {
        node.put(name, flag);
      } else {
        node.put(name, value.toString());
      }
    }
  }

  private static String name(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static Object value(RecordComponent component, Record settings) {
    try {
      return component.getAccessor().invoke(settings);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record's accessor is public", e);
    }
  }

  /**
   * {@return the network that a JSON text describes}
   *
   * @param json as {@link #write} returns it
   * @throws IllegalArgumentException if a setting is missing, unknown or out of its range
   */
  public static Network read(JsonNode json) {
    String name = json.path(FAMILY).asText();
    Family family =
        Networks.family(name)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "family: expected one of %s, found %s"
                            .formatted(
                                Networks.FAMILIES.stream().map(Family::name).toList(),
                                json.path(FAMILY))));
    return read(name, family.type(), ((ObjectNode) json).deepCopy().without(FAMILY));
  }

  private static <T> T read(String what, Class<T> type, JsonNode json) {
    RecordComponent[] components = type.getRecordComponents();
    List<String> names = Arrays.stream(components).map(NetworkJson::name).toList();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!names.contains(field.getKey())) {
        throw new IllegalArgumentException(
            "%s has no setting '%s'; it has %s".formatted(what, field.getKey(), names));
      }
    }
    Object[] values = new Object[components.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(names.get(i), components[i].getGenericType(), json.path(names.get(i)));
    }
    try {
      Constructor<T> constructor =
          type.getConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof IllegalArgumentException refused
          ? refused
          : new IllegalArgumentException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record's constructor is public", e);
    }
  }

  private static Object value(String name, Type type, JsonNode json) {
    String expected = "an object";
    try {
      if (type == int.class) {
        expected = "a whole number";
        return Integer.valueOf(json.asText());
      } else if (type == float.class) {
        expected = "a number";
        return Float.valueOf(json.asText());
      } else if (type == boolean.class) {
        expected = "true or false";
        if (json.asText().equals("true") || json.asText().equals("false")) {
          return json.asBoolean();
        }
      } else if (type instanceof ParameterizedType list) {
        boolean whole = list.getActualTypeArguments()[0] == Integer.class;
        expected = whole ? "a list of whole numbers" : "a list of numbers";
        if (json.isArray()) {
          List<Object> numbers = new ArrayList<>();
          json.forEach(each -> numbers.add(number(whole, each.asText())));
          return numbers;
        } else if (json.isTextual() && !json.asText().isBlank()) { // of an option: 100,80
          return Arrays.stream(json.asText().split(",", -1))
              .map(each -> number(whole, each.strip()))
              .toList();
        }
      } else if (((Class<?>) type).isEnum()) {
        expected = "one of " + Arrays.toString(((Class<?>) type).getEnumConstants());
        for (Object constant : ((Class<?>) type).getEnumConstants()) {
          if (constant.toString().equals(json.asText())) {
            return constant;
          }
        }
      } else if (json.isObject()) {
        return read(name, (Class<?>) type, json);
      }
    } catch (NumberFormatException e) {
      throw unexpected(name, expected, json);
    }
    throw unexpected(name, expected, json);
  }

  private static Object number(boolean whole, String text) {
    if (whole) {
      return Integer.valueOf(text);
    }
    return Float.valueOf(text);
  }

  private static IllegalArgumentException unexpected(String name, String expected, JsonNode json) {
    return new IllegalArgumentException(
        "%s: expected %s, found %s"
            .formatted(name, expected, json.isMissingNode() ? "none" : json.toString()));
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
    changes
        .properties()
        .forEach(
            change -> {
              if (json.get(change.getKey()) instanceof ObjectNode inner
                  && change.getValue() instanceof ObjectNode innerChanges) {
                inner.setAll(innerChanges);
              } else {
                json.set(change.getKey(), change.getValue());
              }
            });
    return read(json);
  }

  static Network with(Network network, Map<String, String> changes) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
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
    settings.add(
        "input %d x %d x %d"
            .formatted(
                network.input().height(), network.input().width(), network.input().channels()));
    write(network)
        .properties()
        .forEach(
            setting -> {
              if (!setting.getValue().isObject() && !setting.getKey().equals(FAMILY)) {
                settings.add(setting.getKey() + " " + text(setting.getValue()));
              }
            });
    return settings.toString();
  }

  /**
   * {@return a setting as text for a command-line option, a list as {@code 100,80}}
   *
   * @param setting in JSON
   */
  public static String text(JsonNode setting) {
    if (!setting.isArray()) {
      return setting.asText();
    }
    StringJoiner list = new StringJoiner(",");
    setting.forEach(number -> list.add(number.asText()));
    return list.toString();
  }
}
