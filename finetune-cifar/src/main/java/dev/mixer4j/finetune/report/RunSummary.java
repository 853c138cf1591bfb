package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.command.Hint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A run's data in a report, beside its metrics.
 *
 * @param command line by words, {@code finetune-cifar} first
 * @param config {@code config.json}; each member that is an object becomes a table
 * @param weights the file whose scores are reported, such as {@code best.h5}
 * @param epoch of the weights, from 1; 0 if they were not trained here
 * @param split of the images whose scores are reported: test or validation
 */
public record RunSummary(
    List<String> command,
    JsonNode config,
    String weights,
    int epoch,
    String split,
    double seconds) {

  /** The command for a shell, quoted where needed. */
  public String commandLine() {
    return Hint.line(command);
  }

  /** What a reviewer asks first, in words, as far as the configuration says it. */
  Map<String, String> facts(List<MetricsRow> rows) {
    Map<String, String> facts = new LinkedHashMap<>();
    put(facts, "network", network());
    JsonNode from = config.path("weights");
    put(
        facts,
        "started from",
        config.has("network") && from.path("path").isMissingNode()
            ? "random weights"
            : from.path("path").asText());
    put(facts, "recipe", recipe(config.path("settings")));
    JsonNode data = config.path("data");
    put(facts, "data", join(data.path("kind").asText(), data.path("path").asText()));
    put(facts, "images", images(data));
    put(facts, "seed", config.at("/settings/seed").asText());
    put(facts, "duration", HtmlReport.time(seconds));
    put(facts, "throughput", throughput(rows));
    JsonNode versions = config.path("versions");
    put(
        facts,
        "software",
        join(
            versions.path("mixer4j").asText(),
            named("TensorFlow", versions.path("tensorflow")),
            named("Java", versions.path("java"))));
    String processors = versions.path("processors").asText();
    put(
        facts,
        "machine",
        join(versions.path("system").asText(), processors.isEmpty() ? "" : processors + " CPUs"));
    return facts;
  }

  private static void put(Map<String, String> facts, String name, String value) {
    if (!value.isEmpty()) {
      facts.put(name, value);
    }
  }

  private static String join(String... parts) {
    return String.join(", ", List.of(parts).stream().filter(part -> !part.isEmpty()).toList());
  }

  private static String named(String name, JsonNode version) {
    return version.isMissingNode() ? "" : name + " " + Json.plain(version);
  }

  private String network() {
    String family = config.at("/network/family").asText();
    try {
      return family.isEmpty()
          ? ""
          : "%s, %,d parameters"
              .formatted(family, NetworkJson.read(config.path("network")).parameterCount());
    } catch (IllegalArgumentException | MixerException e) { // of another version
      return family;
    }
  }

  private static String recipe(JsonNode settings) {
    if (settings.isMissingNode()) {
      return "";
    }
    return join(
        HtmlReport.text(settings.path("optimizer")),
        named("learning rate", settings.path("learning_rate")),
        settings.path("schedule").asText(),
        named("batches of", settings.path("batch_size")),
        settings.has("epochs")
            ? counted(settings.path("epochs").asLong(), "epoch")
            : counted(settings.path("steps").asLong(), "step"));
  }

  private static String counted(long count, String what) {
    return "%,d %s%s".formatted(count, what, count == 1 ? "" : "s");
  }

  private String images(JsonNode data) {
    List<String> parts = new ArrayList<>();
    for (String each : List.of("train", "validation", "test")) {
      int count = data.path(each + "_images").asInt();
      if (count > 0) {
        parts.add("%,d %s".formatted(count, each));
      }
    }
    double heldOut = config.at("/settings/validation_fraction").asDouble();
    if (heldOut > 0) {
      parts.add(
          String.format(
              Locale.ROOT,
              "%.3g%% held out with split seed %d",
              100 * heldOut,
              data.path("split_seed").asLong()));
    }
    return String.join(", ", parts);
  }

  /** The median of the rows of training, which the first steps do not spoil. */
  private static String throughput(List<MetricsRow> rows) {
    double[] rates =
        rows.stream()
            .filter(row -> row.split().equals(MetricsRow.TRAIN))
            .mapToDouble(MetricsRow::imagesPerSecond)
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    return rates.length == 0
        ? ""
        : String.format(Locale.ROOT, "%,.1f images/s in training", rates[rates.length / 2]);
  }
}
