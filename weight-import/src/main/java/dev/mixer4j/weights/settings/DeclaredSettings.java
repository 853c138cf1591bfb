package dev.mixer4j.weights.settings;

import dev.mixer4j.core.Setting;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The components of records that are declared with {@link Setting}. */
public final class DeclaredSettings {

  private DeclaredSettings() {}

  /** The components of a record that are settings, in their order. */
  public static List<RecordComponent> of(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .filter(component -> component.isAnnotationPresent(Setting.class))
        .toList();
  }

  /** A setting's name in JSON, such as {@code learning_rate}. */
  public static String jsonName(RecordComponent component) {
    return component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /** The range that a setting declares. */
  public static Interval range(RecordComponent component) {
    return Interval.parse(component.getAnnotation(Setting.class).range());
  }
}
