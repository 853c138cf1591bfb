package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The content of a run's folder; the run may be unfinished.
 *
 * @param name the folder's path
 * @param config {@code config.json}, empty if it is missing
 * @param seconds of {@code report.json}; NaN without one
 */
public record RunRecord(
    String name, boolean finished, ObjectNode config, List<MetricsRow> rows, double seconds) {

  private static final String CONFIG = "config.json";
  private static final String FINAL = "final.h5";
  private static final long MAX_JSON_BYTES = 64 << 20;

  /** Reads a folder; refuses one that is not a run's. */
  public static RunRecord read(Path folder) throws IOException {
    Path config = folder.resolve(CONFIG);
    Path metrics = folder.resolve(MetricsFile.NAME);
    Path report = folder.resolve(RunReport.JSON);
    if (!Files.exists(config) && !Files.exists(metrics)) {
      String found = Files.exists(folder) ? "a file" : "nothing there";
      throw new MixerException(
          "%s: expected the folder of a run, with %s and %s, found %s"
              .formatted(
                  folder, CONFIG, MetricsFile.NAME, Files.isDirectory(folder) ? "neither" : found));
    }
    return new RunRecord(
        folder.toString(),
        Files.exists(folder.resolve(FINAL)),
        json(config),
        Files.exists(metrics) ? MetricsFile.read(metrics) : List.of(),
        json(report).path("seconds").asDouble(Double.NaN));
  }

  /** A file's JSON object, empty if there is no such file. */
  private static ObjectNode json(Path file) throws IOException {
    if (!Files.exists(file)) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      if (new JsonMapper().readTree(RegularFile.read(file, MAX_JSON_BYTES))
          instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new MixerException(
          "%s: expected JSON, found damage at line %d: %s"
              .formatted(file, line, e.getOriginalMessage()),
          e);
    }
    throw new MixerException(file + ": expected a JSON object, found something else");
  }

  /** Each value of the configuration by its path, such as settings.seed, except the versions. */
  public Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> member : config.properties()) {
      if (!member.getKey().equals("versions")) {
        flatten(member.getKey(), member.getValue(), settings);
      }
    }
    return settings;
  }

  private static void flatten(String path, JsonNode value, Map<String, String> into) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(member -> flatten(path + "." + member.getKey(), member.getValue(), into));
    } else {
      into.put(path, value.isArray() ? value.toString() : Json.plain(value));
    }
  }

  public long steps() {
    return rows.stream().mapToLong(MetricsRow::step).max().orElse(0);
  }

  /** The first measurement with the highest accuracy after a step. */
  public Optional<MetricsRow> best() {
    return MetricsFile.measured(rows).stream()
        .filter(row -> row.step() > 0 && Double.isFinite(row.accuracy()))
        .reduce((best, row) -> row.accuracy() > best.accuracy() ? row : best);
  }

  /** The latest measurement after a step. */
  public Optional<MetricsRow> last() {
    return MetricsFile.measured(rows).stream()
        .filter(row -> row.step() > 0)
        .max(Comparator.comparingLong(MetricsRow::step));
  }
}
