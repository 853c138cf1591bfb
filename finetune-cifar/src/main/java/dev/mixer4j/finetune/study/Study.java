package dev.mixer4j.finetune.study;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Trainings that differ in some settings: a grid. The file names the settings that all have, and
 * the values of those that vary, the last of which varies fastest:
 *
 * <pre>{@code
 * {"base": {"recipe": "mnist-mlp"},
 *  "vary": {"hidden": ["100,80", "100,80,60"], "seed": [1, 2, 3]}}
 * }</pre>
 *
 * <p>A setting is an option of {@code train}, with underscores. A value may be an object: settings
 * that belong together, and a name for them.
 *
 * @param base the settings that all trainings have
 * @param vary the values of each setting that varies, in order
 */
public record Study(ObjectNode base, Map<String, List<JsonNode>> vary) {

  /** The studies of this module. */
  public static final List<String> NAMES =
      List.of("epochs", "learning-rates", "optimizers", "depth", "networks");

  static final String SEED = "seed";

  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_RUNS = 1000;

  /** What says where a training reads and writes, which the study decides. */
  private static final Set<String> NOT_SETTINGS =
      Set.of("data", "out", "resume", "overwrite", "cluster", "help", "version", "verbose");

  /**
   * Reads one of {@link #NAMES}, or a file.
   *
   * @throws MixerException if it is neither, or no study
   */
  public static Study load(String nameOrFile) throws IOException {
    if (NAMES.contains(nameOrFile)) {
      try (InputStream in = Study.class.getResourceAsStream("studies/" + nameOrFile + ".json")) {
        return parse(nameOrFile, in.readAllBytes());
      }
    }
    Path file = Path.of(nameOrFile);
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
      throw new MixerException(
          "study '%s': expected %s or a JSON file of at most 1 MB, found neither"
              .formatted(nameOrFile, String.join(", ", NAMES)));
    }
    return parse(nameOrFile, Files.readAllBytes(file));
  }

  static Study parse(String source, byte[] content) throws IOException {
    try {
      return of(new JsonMapper().readTree(content));
    } catch (JsonProcessingException e) {
      throw new MixerException(source + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new MixerException(source + ": " + e.getMessage(), e);
    }
  }

  static Study of(JsonNode json) {
    require(
        json.path("base") instanceof ObjectNode && json.path("vary") instanceof ObjectNode,
        "expected an object with the objects base and vary, found %s",
        shortened(json));
    for (Map.Entry<String, JsonNode> member : json.properties()) {
      require(
          List.of("base", "vary").contains(member.getKey()),
          "expected base and vary, found also %s",
          member.getKey());
    }
    ObjectNode base = (ObjectNode) json.get("base");
    base.properties().forEach(setting -> checkSetting(setting.getKey(), setting.getValue()));
    Map<String, List<JsonNode>> vary = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> each : json.get("vary").properties()) {
      String name = each.getKey();
      require(
          each.getValue() instanceof ArrayNode values && !values.isEmpty(),
          "vary, %s: expected a list of values, found %s",
          name,
          shortened(each.getValue()));
      List<JsonNode> values = new ArrayList<>();
      for (JsonNode value : each.getValue()) {
        if (value instanceof ObjectNode together) {
          require(
              together.path("name").isTextual(),
              "vary, %s: expected an object with a name, found %s",
              name,
              shortened(value));
          together
              .deepCopy()
              .without("name")
              .properties()
              .forEach(s -> checkSetting(s.getKey(), s.getValue()));
        } else {
          checkSetting(name, value);
        }
        values.add(value);
      }
      vary.put(name, values);
    }
    require(!vary.isEmpty(), "vary: expected a setting that varies, found none");
    long runs = vary.values().stream().mapToLong(List::size).reduce(1, Math::multiplyExact);
    require(runs <= MAX_RUNS, "expected at most %d trainings, found %d", MAX_RUNS, runs);
    Study study = new Study(base, vary);
    Set<String> names = new LinkedHashSet<>();
    for (StudyRun run : study.runs()) {
      require(names.add(run.name()), "two trainings are the same: %s", run.name());
    }
    return study;
  }

  private static void checkSetting(String name, JsonNode value) {
    require(
        name.matches("[a-z][a-z0-9_]*") && !NOT_SETTINGS.contains(name),
        "expected a setting of train, such as learning_rate, found '%s'",
        name);
    require(
        value.isTextual() || value.isNumber() || value.isBoolean(),
        "%s: expected a text, a number, true or false, found %s",
        name,
        shortened(value));
  }

  private static String shortened(JsonNode json) {
    String text = json.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  private static void require(boolean holds, String message, Object... details) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(details));
    }
  }

  /** {@return all trainings, in order} */
  public List<StudyRun> runs() {
    List<StudyRun> runs = List.of(new StudyRun(Map.of(), settings(base)));
    for (Map.Entry<String, List<JsonNode>> varying : vary.entrySet()) {
      List<StudyRun> more = new ArrayList<>();
      for (StudyRun run : runs) {
        for (JsonNode value : varying.getValue()) {
          more.add(
              value instanceof ObjectNode together
                  ? run.with(
                      varying.getKey(),
                      together.get("name").asText(),
                      settings(together.deepCopy().without("name")))
                  : run.with(
                      varying.getKey(), value.asText(), Map.of(varying.getKey(), value.asText())));
        }
      }
      runs = more;
    }
    return runs;
  }

  private static Map<String, String> settings(ObjectNode json) {
    Map<String, String> settings = new LinkedHashMap<>();
    json.properties().forEach(each -> settings.put(each.getKey(), each.getValue().asText()));
    return settings;
  }

  /** {@return the file's content} */
  public ObjectNode toJson() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.set("base", base);
    ObjectNode varying = json.putObject("vary");
    vary.forEach((name, values) -> varying.putArray(name).addAll(values));
    return json;
  }
}
