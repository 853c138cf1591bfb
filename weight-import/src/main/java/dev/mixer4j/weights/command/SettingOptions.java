package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Setting;
import dev.mixer4j.weights.settings.DeclaredSettings;
import dev.mixer4j.weights.settings.Interval;
import java.lang.reflect.RecordComponent;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Options made from the settings that a record declares. */
public final class SettingOptions {

  private static final Set<Class<?>> WHOLE =
      Set.of(int.class, Integer.class, long.class, Long.class);

  private static final Set<Class<?>> REAL =
      Set.of(float.class, Float.class, double.class, Double.class);

  /** Short names that options have besides their own. */
  private static final Map<String, String> SHORT = Map.of("--learning-rate", "--lr");

  private SettingOptions() {}

  /** Adds an option for each setting that has none yet. */
  public static void add(CommandSpec command, Class<?> type) {
    for (RecordComponent component : DeclaredSettings.of(type)) {
      if (component.getType().isRecord()) {
        // The option of a record's name is called like the component that holds the record.
        RecordComponent first = DeclaredSettings.of(component.getType()).get(0);
        command.addOption(option("--" + component.getName(), first));
        add(command, component.getType());
      } else if (!component.getName().equals("name")
          && command.findOption(name(component)) == null) {
        command.addOption(option(name(component), component));
      }
    }
  }

  private static String name(RecordComponent component) {
    return "--" + DeclaredSettings.jsonName(component).replace('_', '-');
  }

  private static OptionSpec option(String name, RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    Class<?> type = component.getType();
    String help = setting.value().replace("%", "%%");
    boolean off = setting.byDefault().equals("false") || takesZero(component);
    if (!setting.byDefault().isEmpty() && !off) {
      help = help.substring(0, help.length() - 1) + " (default: " + setting.byDefault() + ").";
    }
    OptionSpec.Builder option =
        SHORT.containsKey(name)
            ? OptionSpec.builder(name, SHORT.get(name))
            : OptionSpec.builder(name);
    option.description(help);
    if (type == boolean.class || type == Boolean.class) {
      return option.type(Boolean.class).arity("0").negatable(true).build();
    }
    Interval range =
        setting.range().isEmpty() || takesZero(component)
            ? null
            : DeclaredSettings.range(component);
    if (WHOLE.contains(type)) {
      option.type(Long.class).converters(text -> NumberConverter.whole(text, range));
    } else if (REAL.contains(type)) {
      option.type(Double.class).converters(text -> NumberConverter.real(text, range));
    } else {
      option.type(String.class);
    }
    String label = WHOLE.contains(type) || REAL.contains(type) ? "N" : "NAME";
    return option.paramLabel(setting.label().isEmpty() ? label : setting.label()).build();
  }

  /** Whether 0 at the command line switches off a setting of the recipe. */
  private static boolean takesZero(RecordComponent component) {
    return !component.getType().isPrimitive()
        && component.getAnnotation(Setting.class).byDefault().equals("0");
  }

  /** The settings whose options were given, by their names in JSON. */
  public static ObjectNode given(CommandSpec command, Class<?> type) {
    ObjectNode given = new JsonMapper().createObjectNode();
    for (RecordComponent component : DeclaredSettings.of(type)) {
      String name = DeclaredSettings.jsonName(component);
      if (component.getType().isRecord()) {
        ObjectNode inner = given(command, component.getType());
        put(inner, "name", command.findOption("--" + component.getName()).getValue());
        if (!inner.isEmpty()) {
          given.set(name, inner);
        }
      } else if (!name.equals("name")) {
        Object value = command.findOption(name(component)).getValue();
        boolean off = takesZero(component) && value instanceof Number n && n.doubleValue() == 0;
        put(given, name, value);
        if (off) {
          given.putNull(name);
        }
      }
    }
    return given;
  }

  private static void put(ObjectNode given, String name, Object value) {
    if (value != null) {
      given.set(name, new JsonMapper().valueToTree(value));
    }
  }
}
