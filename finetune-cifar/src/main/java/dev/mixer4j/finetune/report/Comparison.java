package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** A table of runs. */
public record Comparison(List<RunRecord> runs) {

  private static final int MAX_VALUE = 28;
  private static final String UNKNOWN = "-";
  private static final ToDoubleFunction<MetricsRow> PERCENT = row -> 100 * row.accuracy();

  /** Paths of the settings that differ between runs, in the order of the files. */
  public List<String> differing() {
    Set<String> paths = new LinkedHashSet<>();
    runs.forEach(run -> paths.addAll(run.settings().keySet()));
    return paths.stream()
        .filter(path -> runs.stream().map(run -> run.settings().get(path)).distinct().count() > 1)
        .toList();
  }

  /** The lines of the table; the first one names the columns. */
  public List<String> table() {
    List<List<String>> columns = new ArrayList<>();
    columns.add(column("run", RunRecord::name));
    List<String> differing = differing();
    for (String path : differing) {
      columns.add(column(shortName(path, differing), run -> setting(run, path)));
    }
    columns.add(column("measured on", run -> run.last().map(MetricsRow::split).orElse(UNKNOWN)));
    columns.add(column("best accuracy", run -> format(run.best(), "%.2f%%", PERCENT)));
    columns.add(column("final accuracy", run -> format(run.last(), "%.2f%%", PERCENT)));
    columns.add(column("final loss", run -> format(run.last(), "%.4f", MetricsRow::loss)));
    columns.add(column("steps", run -> Long.toString(run.steps())));
    columns.add(
        column("time", run -> run.seconds() >= 0 ? HtmlReport.time(run.seconds()) : UNKNOWN));
    columns.add(column("state", run -> run.finished() ? "finished" : "unfinished"));
    List<String> lines = new ArrayList<>();
    for (int line = 0; line <= runs.size(); line++) {
      StringBuilder text = new StringBuilder();
      for (List<String> column : columns) {
        int width = column.stream().mapToInt(String::length).max().orElse(0);
        text.append(String.format("%-" + width + "s  ", column.get(line)));
      }
      lines.add(text.toString().stripTrailing());
    }
    return lines;
  }

  private List<String> column(String name, Function<RunRecord, String> value) {
    List<String> column = new ArrayList<>();
    column.add(name);
    runs.forEach(run -> column.add(value.apply(run)));
    return column;
  }

  /** The last part of a path, if it is unique. */
  private static String shortName(String path, List<String> paths) {
    String last = path.substring(path.lastIndexOf('.') + 1);
    boolean unique =
        paths.stream().filter(other -> ("." + other).endsWith("." + last)).count() == 1;
    return unique ? last : path;
  }

  private static String setting(RunRecord run, String path) {
    String value = Objects.requireNonNullElse(run.settings().get(path), UNKNOWN);
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
