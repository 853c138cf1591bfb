package dev.mixer4j.finetune.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One training of a study.
 *
 * @param varied what makes it differ from the others: labels by setting
 * @param settings options of {@code train} without dashes, and their values
 */
public record StudyRun(Map<String, String> varied, Map<String, String> settings) {

  StudyRun with(String name, String label, Map<String, String> more) {
    Map<String, String> labels = new LinkedHashMap<>(varied);
    labels.put(name, label);
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.putAll(more);
    return new StudyRun(labels, all);
  }

  /** {@return the name of its folder} */
  public String name() {
    return varied.entrySet().stream()
        .map(each -> each.getKey() + "-" + each.getValue())
        .collect(Collectors.joining("_"))
        .replaceAll("[^A-Za-z0-9._-]", "-");
  }

  /**
   * {@return what differs, without the seed, in words; runs of one combination differ in the seed}
   */
  public String combination() {
    return varied.entrySet().stream()
        .filter(each -> !each.getKey().equals(Study.SEED))
        .map(each -> each.getKey().replace('_', ' ') + " " + each.getValue())
        .collect(Collectors.joining(", "));
  }

  /** {@return the options of {@code train}} */
  public List<String> options() {
    List<String> options = new ArrayList<>();
    settings.forEach(
        (name, value) -> {
          String option = name.replace('_', '-');
          switch (value) {
            case "true" -> options.add("--" + option);
            case "false" -> options.add("--no-" + option);
            default -> options.add("--" + option + "=" + value);
          }
        });
    return options;
  }
}
