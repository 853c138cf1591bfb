package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;

/** Runs side by side. */
public record Comparison(List<RunRecord> runs) {

  private static final int MAX_VALUE = 28;
  private static final String OPTIMIZER = "optimizer";
  private static final String UNKNOWN = "-";
  private static final ToDoubleFunction<MetricsRow> PERCENT = row -> 100 * row.accuracy();

  /** What follows from other settings, or tells a person nothing. */
  private static final Pattern NOT_SHOWN =
      Pattern.compile(
          "command|weights\\.(sha256|format|zero_head)|network\\.input\\.(mean|std)|network\\.classes"
              + "|data\\.(class_names|kind|.*_images)");

  private static final Map<String, String> SHORT =
      Map.of("learning_rate", "lr", "batch_size", "batch", "validation_fraction", "held out");

  /** Paths of the settings that differ between runs, in the order of the files. */
  List<String> differing() {
    Set<String> paths = new LinkedHashSet<>();
    runs.forEach(run -> paths.addAll(run.settings().keySet()));
    boolean otherFamily = differ("network.family");
    return paths.stream()
        .filter(path -> !NOT_SHOWN.matcher(path).matches())
        .filter(path -> !otherFamily || !path.matches("network\\.(?!family).*"))
        .filter(this::differ)
        .toList();
  }

  private boolean differ(String path) {
    return runs.stream().map(run -> run.settings().get(path)).distinct().count() > 1;
  }

  /** The results, and the settings that differ; other columns only where runs differ in them. */
  public Table table() {
    Table table = new Table();
    table.add("run", runs, RunRecord::name);
    table.add("best", runs, run -> format(run.best(), "%.2f%%", PERCENT));
    table.add("final", runs, run -> format(run.last(), "%.2f%%", PERCENT));
    table.add("loss", runs, run -> format(run.last(), "%.4f", MetricsRow::loss));
    addIfDiffers(table, "images", run -> run.last().map(MetricsRow::split).orElse(UNKNOWN));
    addIfDiffers(table, "steps", run -> Long.toString(run.steps()));
    table.add("time", runs, run -> run.seconds() >= 0 ? HtmlReport.time(run.seconds()) : UNKNOWN);
    addIfDiffers(table, "state", run -> run.finished() ? "finished" : "unfinished");
    List<String> differing = differing();
    for (String path : differing) {
      table.add(shortName(path, differing), runs, run -> setting(run, path));
    }
    return table;
  }

  /** The images that all accuracies are of; empty if they are not the same ones. */
  public Optional<String> split() {
    List<String> splits =
        runs.stream()
            .flatMap(run -> run.last().stream())
            .map(MetricsRow::split)
            .distinct()
            .toList();
    return splits.size() == 1 ? Optional.of(splits.get(0)) : Optional.empty();
  }

  private void addIfDiffers(Table table, String name, Function<RunRecord, String> cell) {
    if (runs.stream().map(cell).distinct().count() > 1) {
      table.add(name, runs, cell);
    }
  }

  /** The last part of a path, if it is unique. */
  private static String shortName(String path, List<String> paths) {
    if (path.equals("network.family")) {
      return "network";
    }
    if (path.endsWith(OPTIMIZER + ".name")) {
      return OPTIMIZER;
    }
    String last = path.substring(path.lastIndexOf('.') + 1);
    boolean unique =
        paths.stream().filter(other -> ("." + other).endsWith("." + last)).count() == 1;
    return unique ? SHORT.getOrDefault(last, last.replace('_', ' ')) : path;
  }

  private static String setting(RunRecord run, String path) {
    String value = Objects.requireNonNullElse(run.settings().get(path), UNKNOWN);
    if (path.endsWith(".path") && value.length() > MAX_VALUE) { // its end tells more
      return "…" + value.substring(value.length() - MAX_VALUE + 1);
    }
    return value.length() <= MAX_VALUE ? value : value.substring(0, MAX_VALUE - 1) + "…";
  }

  private static String format(
      Optional<MetricsRow> row, String format, ToDoubleFunction<MetricsRow> value) {
    return row.map(test -> String.format(Locale.ROOT, format, value.applyAsDouble(test)))
        .orElse(UNKNOWN);
  }

  /** A run in JSON, with its whole configuration; unknown values are null. */
  record Outcome(
      String run,
      boolean finished,
      ObjectNode config,
      String split,
      double bestAccuracy,
      Long bestStep,
      double finalAccuracy,
      double finalLoss,
      long steps,
      double seconds) {

    Outcome(RunRecord run) {
      this(
          run.name(),
          run.finished(),
          run.config(),
          run.last().map(MetricsRow::split).orElse(null),
          value(run.best(), MetricsRow::accuracy),
          run.best().map(MetricsRow::step).orElse(null),
          value(run.last(), MetricsRow::accuracy),
          value(run.last(), MetricsRow::loss),
          run.steps(),
          run.seconds());
    }
  }

  public List<Outcome> outcomes() {
    return runs.stream().map(Outcome::new).toList();
  }

  private static double value(Optional<MetricsRow> row, ToDoubleFunction<MetricsRow> value) {
    return row.isPresent() ? value.applyAsDouble(row.get()) : Double.NaN;
  }
}
