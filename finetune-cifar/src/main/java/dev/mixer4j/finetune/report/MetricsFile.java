package dev.mixer4j.finetune.report;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads {@code metrics.csv} by the names of its columns; ignores unknown ones. */
record MetricsFile(Path path, List<String> columns) {

  static final String NAME = "metrics.csv";

  /** Ten times the rows of a million steps, one in ten steps. */
  private static final long MAX_BYTES = 64 << 20;

  /** Reads all rows except an unfinished last one, which a run may be writing. */
  static List<MetricsRow> read(Path path) throws IOException {
    if (Files.size(path) > MAX_BYTES) {
      throw new MixerException(
          "%s: expected at most %d bytes, found %d".formatted(path, MAX_BYTES, Files.size(path)));
    }
    String text;
    try {
      text = Files.readString(RegularFile.check(path));
    } catch (CharacterCodingException e) {
      throw new MixerException(path + ": expected text in UTF-8, found other bytes", e);
    }
    List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    if (lines.isEmpty()) {
      return List.of();
    }
    MetricsFile file = new MetricsFile(path, Arrays.asList(lines.get(0).split(",")));
    for (String needed : List.of("step", "split", "loss", "accuracy")) {
      if (!file.columns.contains(needed)) {
        throw new MixerException(
            "%s: expected a column %s, found %s".formatted(path, needed, lines.get(0)));
      }
    }
    List<MetricsRow> rows = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      rows.add(file.row(i + 1, lines.get(i).split(",", -1)));
    }
    return rows;
  }

  /** The rows of a run's measurements: of test images if no validation images are held out. */
  static List<MetricsRow> measured(List<MetricsRow> rows) {
    boolean held = rows.stream().anyMatch(row -> row.split().equals(MetricsRow.VALIDATION));
    String split = held ? MetricsRow.VALIDATION : MetricsRow.TEST;
    return rows.stream().filter(row -> row.split().equals(split)).toList();
  }

  private MetricsRow row(int line, String[] values) {
    if (values.length != columns.size()) {
      throw new MixerException(
          "%s, line %d: expected %d values, found %d"
              .formatted(path, line, columns.size(), values.length));
    }
    return new MetricsRow(
        (long) number(line, values, "step"),
        (int) number(line, values, "epoch"),
        values[columns.indexOf("split")],
        number(line, values, "loss"),
        number(line, values, "accuracy"),
        number(line, values, "learning_rate"),
        number(line, values, "images_per_second"),
        number(line, values, "data_wait"));
  }

  private double number(int line, String[] values, String column) {
    int index = columns.indexOf(column);
    if (index < 0 || values[index].isEmpty()) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(values[index]);
    } catch (NumberFormatException e) {
      throw new MixerException(
          "%s, line %d: expected a number as %s, found '%s'"
              .formatted(path, line, column, values[index]));
    }
  }
}
