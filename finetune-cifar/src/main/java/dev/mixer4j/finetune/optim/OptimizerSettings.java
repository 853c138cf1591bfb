package dev.mixer4j.finetune.optim;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An optimizer by its name, with PyTorch's options and defaults. A setting that is null is not
 * given: the optimizer has its default for it, or has no such setting.
 *
 * @param name one of {@link #NAMES}
 * @param momentum of {@link Momentum} and {@link RmsProp}
 * @param nesterov of {@link Momentum}
 * @param beta1 of {@link Adam} and {@link AdamW}
 * @param beta2 of {@link Adam} and {@link AdamW}
 * @param alpha decay of {@link RmsProp}'s mean square
 * @param epsilon of all that divide
 * @param weightDecay of all; decoupled in {@link AdamW}, otherwise added to the gradient
 */
public record OptimizerSettings(
    String name,
    Double momentum,
    Boolean nesterov,
    Double beta1,
    Double beta2,
    Double alpha,
    Double epsilon,
    Double weightDecay) {

  /** What there is to choose from. */
  public static final List<String> NAMES =
      List.of("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw");

  /** An optimizer with its defaults. */
  public static OptimizerSettings of(String name) {
    return new OptimizerSettings(name, null, null, null, null, null, null, null).resolved();
  }

  /**
   * These settings with the defaults in place of what is not given.
   *
   * @throws IllegalArgumentException if the name is not known, the optimizer has no such setting,
   *     or a value is out of range; its message speaks of the settings by their JSON names
   */
  public OptimizerSettings resolved() {
    OptimizerSettings defaults = defaults();
    Map<String, Object> known = defaults.toMap();
    for (String setting : toMap().keySet()) {
      require(
          known.containsKey(setting),
          "optimizer %s has no setting %s; it has %s",
          name,
          setting,
          known.keySet().stream().skip(1).collect(Collectors.joining(", ")));
    }
    OptimizerSettings all =
        new OptimizerSettings(
            name,
            either(momentum, defaults.momentum),
            either(nesterov, defaults.nesterov),
            either(beta1, defaults.beta1),
            either(beta2, defaults.beta2),
            either(alpha, defaults.alpha),
            either(epsilon, defaults.epsilon),
            either(weightDecay, defaults.weightDecay));
    all.checkRanges();
    return all;
  }

  private OptimizerSettings defaults() {
    return switch (String.valueOf(name)) {
      case "sgd" -> new OptimizerSettings(name, null, null, null, null, null, null, 0.0);
      case "momentum" -> new OptimizerSettings(name, 0.9, false, null, null, null, null, 0.0);
      case "adagrad" -> new OptimizerSettings(name, null, null, null, null, null, 1e-10, 0.0);
      case "rmsprop" -> new OptimizerSettings(name, 0.0, null, null, null, 0.99, 1e-8, 0.0);
      case "adam" -> new OptimizerSettings(name, null, null, 0.9, 0.999, null, 1e-8, 0.0);
      case "adamw" -> new OptimizerSettings(name, null, null, 0.9, 0.999, null, 1e-8, 0.01);
      default ->
          throw new IllegalArgumentException(
              "expected an optimizer of %s, found '%s'".formatted(String.join(", ", NAMES), name));
    };
  }

  private void checkRanges() {
    toMap()
        .forEach(
            (setting, value) -> {
              if (value instanceof Double number) {
                boolean share = !setting.equals("epsilon") && !setting.equals("weight_decay");
                require(
                    number >= 0 && Double.isFinite(number) && (number < 1 || !share),
                    "%s of optimizer %s: expected a number of at least 0%s, found %s",
                    setting,
                    name,
                    share ? " and below 1" : "",
                    number);
              }
            });
    require(!Boolean.TRUE.equals(nesterov) || momentum > 0, "nesterov needs a momentum above 0");
  }

  private static <T> T either(T given, T otherwise) {
    return given == null ? otherwise : given;
  }

  private static void require(boolean holds, String message, Object... details) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(details));
    }
  }

  /**
   * The optimizer itself.
   *
   * @throws IllegalArgumentException as {@link #resolved}
   */
  public Optimizer build() {
    OptimizerSettings s = resolved();
    return switch (name) {
      case "sgd" -> new Sgd(s.weightDecay);
      case "momentum" -> new Momentum(s.momentum, s.nesterov, s.weightDecay);
      case "adagrad" -> new Adagrad(s.epsilon, s.weightDecay);
      case "rmsprop" -> new RmsProp(s.alpha, s.epsilon, s.momentum, s.weightDecay);
      case "adam" -> new Adam(s.beta1, s.beta2, s.epsilon, s.weightDecay);
      default -> new AdamW(s.beta1, s.beta2, s.epsilon, s.weightDecay);
    };
  }

  /** What is given, by its JSON name. */
  private Map<String, Object> toMap() {
    Map<String, Object> given = new LinkedHashMap<>();
    given.put("name", name);
    given.put("momentum", momentum);
    given.put("nesterov", nesterov);
    given.put("beta1", beta1);
    given.put("beta2", beta2);
    given.put("alpha", alpha);
    given.put("epsilon", epsilon);
    given.put("weight_decay", weightDecay);
    given.values().removeIf(value -> value == null);
    return given;
  }

  /** All settings of the optimizer, defaults too. */
  @JsonValue
  public ObjectNode toJson() {
    return new JsonMapper().valueToTree(resolved().toMap());
  }

  /**
   * Reads what {@link #toJson} gives; settings may be missing.
   *
   * @throws IllegalArgumentException as {@link #resolved}, or if a value is of the wrong type
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static OptimizerSettings fromJson(JsonNode json) {
    require(json.isObject(), "expected an object of an optimizer's settings, found %s", json);
    TreeSet<String> unknown = new TreeSet<>();
    json.fieldNames().forEachRemaining(unknown::add);
    Stream.of("name", "momentum", "nesterov", "beta1", "beta2", "alpha", "epsilon", "weight_decay")
        .forEach(unknown::remove);
    require(unknown.isEmpty(), "an optimizer has no setting %s", String.join(", ", unknown));
    JsonNode name = json.path("name");
    require(name.isTextual(), "expected an optimizer's name, found %s", name);
    JsonNode nesterov = json.path("nesterov");
    require(
        nesterov.isMissingNode() || nesterov.isBoolean(),
        "nesterov: expected true or false, found %s",
        nesterov);
    return new OptimizerSettings(
            name.textValue(),
            number(json, "momentum"),
            nesterov.isMissingNode() ? null : (Boolean) nesterov.booleanValue(),
            number(json, "beta1"),
            number(json, "beta2"),
            number(json, "alpha"),
            number(json, "epsilon"),
            number(json, "weight_decay"))
        .resolved();
  }

  private static Double number(JsonNode json, String setting) {
    JsonNode value = json.path(setting);
    require(
        value.isMissingNode() || value.isNumber(),
        "%s: expected a number, found %s",
        setting,
        value);
    return value.isMissingNode() ? null : (Double) value.doubleValue();
  }
}
