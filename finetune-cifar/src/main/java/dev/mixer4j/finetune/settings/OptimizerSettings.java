package dev.mixer4j.finetune.settings;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Setting;
import dev.mixer4j.finetune.optim.Adagrad;
import dev.mixer4j.finetune.optim.Adam;
import dev.mixer4j.finetune.optim.Momentum;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.RmsProp;
import dev.mixer4j.finetune.optim.Sgd;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An optimizer by its name, with PyTorch's options and defaults. Options that the optimizer does
 * not have are null.
 */
public record OptimizerSettings(
    @Setting(
            value = "The optimizer, as in PyTorch: sgd, momentum, adagrad, rmsprop, adam or adamw.",
            byDefault = "adam")
        String name,
    @Setting(value = "Momentum of momentum and rmsprop.", range = "[0, 1)") Double momentum,
    @Setting("Nesterov's form of momentum.") Boolean nesterov,
    @Setting(value = "Decay of the first moment of adam and adamw.", range = "[0, 1)") Double beta1,
    @Setting(value = "Decay of the second moment of adam and adamw.", range = "[0, 1)")
        Double beta2,
    @Setting(value = "Decay of the mean square of rmsprop.", range = "[0, 1)") Double alpha,
    @Setting(
            value = "Added to the denominator of adagrad, rmsprop, adam and adamw.",
            range = "[0, inf)")
        Double epsilon,
    @Setting(
            value = "Weight decay: decoupled in adamw, otherwise added to the gradient.",
            range = "[0, inf)")
        Double weightDecay) {

  static final Map<String, OptimizerSettings> DEFAULTS =
      List.of(
              new OptimizerSettings("sgd", null, null, null, null, null, null, 0.0),
              new OptimizerSettings("momentum", 0.9, false, null, null, null, null, 0.0),
              new OptimizerSettings("adagrad", null, null, null, null, null, 1e-10, 0.0),
              new OptimizerSettings("rmsprop", 0.0, null, null, null, 0.99, 1e-8, 0.0),
              new OptimizerSettings("adam", null, null, 0.9, 0.999, null, 1e-8, 0.0),
              new OptimizerSettings("adamw", null, null, 0.9, 0.999, null, 1e-8, 0.01))
          .stream()
          .collect(toMap(OptimizerSettings::name, each -> each, (a, b) -> a, LinkedHashMap::new));

  public static final List<String> NAMES = List.copyOf(DEFAULTS.keySet());

  public static OptimizerSettings of(String name) {
    OptimizerSettings found = DEFAULTS.get(name);
    require(
        found != null, "expected an optimizer of %s, found '%s'", String.join(", ", NAMES), name);
    return found;
  }

  /**
   * Reads JSON; missing options have the optimizer's defaults. {@link IllegalArgumentException} if
   * the optimizer or option is unknown, or a value is of the wrong type or out of range.
   */
  public static OptimizerSettings fromJson(JsonNode json) {
    require(json.isObject(), "expected an object of an optimizer's settings, found %s", json);
    JsonNode name = json.path("name");
    require(name.isTextual(), "expected an optimizer's name, found %s", name);
    ObjectNode all = Settings.toJson(of(name.textValue()));
    for (Map.Entry<String, JsonNode> given : json.properties()) {
      String setting = given.getKey();
      require(
          all.has(setting),
          "optimizer %s has no setting %s; it has %s",
          name.textValue(),
          setting,
          all.properties().stream().skip(1).map(Map.Entry::getKey).collect(joining(", ")));
      require(!given.getValue().isNull(), "%s: expected a value, found null", setting);
      all.set(setting, given.getValue());
    }
    OptimizerSettings settings = Settings.fromJson(all, OptimizerSettings.class);
    require(
        !Boolean.TRUE.equals(settings.nesterov) || settings.momentum > 0,
        "nesterov needs a momentum above 0");
    return settings;
  }

  private static void require(boolean holds, String message, Object... details) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(details));
    }
  }

  public Optimizer build() {
    return switch (name) {
      case "sgd" -> new Sgd(weightDecay);
      case "momentum" -> new Momentum(momentum, nesterov, weightDecay);
      case "adagrad" -> new Adagrad(epsilon, weightDecay);
      case "rmsprop" -> new RmsProp(alpha, epsilon, momentum, weightDecay);
      default -> new Adam(beta1, beta2, epsilon, weightDecay, name.equals("adamw"));
    };
  }
}
