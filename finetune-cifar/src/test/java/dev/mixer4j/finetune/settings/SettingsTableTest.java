package dev.mixer4j.finetune.settings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Setting;
import dev.mixer4j.weights.settings.DeclaredSettings;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The README's table of settings against their declarations; {@link #main} writes the table. */
class SettingsTableTest {

  private static final Path README = Path.of("README.md");
  private static final String HEADER = "| setting | default | |\n| --- | --- | --- |\n";

  @Test
  void readmeHasTheDeclaredSettings() throws IOException {
    assertThat(Files.readString(README)).contains(table());
  }

  public static void main(String[] args) throws IOException {
    String text = Files.readString(README);
    int start = text.indexOf(HEADER);
    Files.writeString(
        README,
        text.substring(0, start) + table() + text.substring(text.indexOf("\n\n", start) + 1));
  }

  private static String table() throws IOException {
    ObjectNode recipe = Recipe.load("adam");
    StringBuilder table = new StringBuilder(HEADER);
    for (RecordComponent component : DeclaredSettings.of(TrainSettings.class)) {
      if (component.getType().isRecord()) {
        for (RecordComponent inner : DeclaredSettings.of(component.getType())) {
          row(
              table,
              component.getName() + "." + DeclaredSettings.jsonName(inner),
              optimizers(inner),
              inner);
        }
      } else {
        String name = DeclaredSettings.jsonName(component);
        String own = component.getAnnotation(Setting.class).byDefault();
        row(table, name, recipe.has(name) ? recipe.get(name).asText() : own, component);
      }
    }
    return table.toString();
  }

  /** Such as "momentum 0.9, rmsprop 0.0". */
  private static String optimizers(RecordComponent component) {
    String own = component.getAnnotation(Setting.class).byDefault();
    String name = DeclaredSettings.jsonName(component);
    return !own.isEmpty()
        ? own
        : OptimizerSettings.DEFAULTS.values().stream()
            .filter(each -> Settings.toJson(each).has(name))
            .map(each -> each.name() + " " + Settings.toJson(each).get(name).asText())
            .collect(Collectors.joining(", "));
  }

  private static void row(
      StringBuilder table, String name, String byDefault, RecordComponent component) {
    String help = component.getAnnotation(Setting.class).value();
    String plain = byDefault.replaceAll("\\.0(?=E|\\b)", "").replace('E', 'e');
    table.append("| `%s` | %s | %s |\n".formatted(name, plain, help));
  }
}
