package dev.mixer4j.benchmark;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The rows of a sweep, and the Markdown file that has them. Each new row is in the file at once, so
 * that a sweep that is cut off can be gone on with. Columns that follow from others are computed
 * anew whenever it is written.
 */
final class SweepTable {

  static final String HEADING =
      "| model | task | precision | batch | contender | images/s | ms a step (range) | TFLOP/s |"
          + " of products | of matmul | Mixer4J is times as fast | GPU MB | host MB | difference |\n"
          + "| --- | --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";

  private static final String LEGEND =
      """
      Images a second: the median of the turns. TFLOP/s: of stem's and blocks' matrix products, in
      training three times those of the forward pass. Shares: of the rate of the same products alone
      (`products`), and of one large product (`matmul`, whose batch is its rows), in the same
      precision. GPU MB: what came into use on the GPU since before the process, which went up the
      batches; host MB: the process's peak so far. Difference: of logits or losses from Mixer4J's,
      as a share of the largest; empty where both were not measured in one go.
      """;

  private final Path file;
  private final String conditions;
  private final String begun;
  private final Map<SweepRow.Key, SweepRow> rows;
  private final int imageSize;

  private SweepTable(
      Path file, String conditions, String begun, Map<SweepRow.Key, SweepRow> rows, int imageSize) {
    this.file = file;
    this.conditions = conditions;
    this.begun = begun;
    this.rows = rows;
    this.imageSize = imageSize;
  }

  /**
   * Begins a table, or goes on with the one that a file has.
   *
   * @param file null where there is none
   * @param conditions machine and versions, on one line
   * @throws MixerException if the file's were others
   */
  static SweepTable open(Path file, String conditions, int imageSize) throws IOException {
    String begun = "Begun on " + LocalDate.now() + ".";
    Map<SweepRow.Key, SweepRow> rows = new TreeMap<>();
    if (file != null && Files.exists(file)) {
      List<String> lines = Files.readAllLines(file);
      if (!lines.contains(conditions)) {
        throw new MixerException(
            "%s: expected a table of '%s', found another machine, version or number of turns; name"
                    .formatted(file, conditions)
                + " another file");
      }
      begun = lines.stream().filter(line -> line.startsWith("Begun on ")).findFirst().orElse(begun);
      for (String line : lines) {
        String[] cells = line.split(" *\\| *", -1);
        if (cells.length == 16 && cells[4].matches("[0-9]+")) {
          SweepRow row = row(cells);
          rows.put(row.key(), row);
        }
      }
    }
    return new SweepTable(file, conditions, begun, rows, imageSize);
  }

  /** Of the cells, the first of which is the empty one before the first bar. */
  private static SweepRow row(String[] cells) {
    SweepRow.Key key =
        new SweepRow.Key(cells[1], cells[2], cells[3], Integer.parseInt(cells[4]), cells[5]);
    String[] times = cells[7].split("[ (–)]+");
    boolean measured = times.length == 3;
    return new SweepRow(
        key,
        measured ? SweepRow.MEASURED : cells[6],
        measured ? Double.parseDouble(times[0]) / 1e3 : Double.NaN,
        measured ? Double.parseDouble(times[1]) / 1e3 : Double.NaN,
        measured ? Double.parseDouble(times[2]) / 1e3 : Double.NaN,
        number(cells[12]),
        number(cells[13]),
        number(cells[14]));
  }

  private static double number(String cell) {
    return cell.isEmpty() ? Double.NaN : Double.parseDouble(cell);
  }

  /** The row, or null. */
  SweepRow get(SweepRow.Key key) {
    return rows.get(key);
  }

  /** The batches with figures of any contender of a workload. */
  List<Integer> batches(Workload workload) {
    return rows.values().stream()
        .filter(SweepRow::measured)
        .map(SweepRow::key)
        .filter(key -> key.equals(SweepRow.Key.of(workload, key.batch(), key.contender())))
        .filter(key -> !key.contender().equals(Lineup.MATMUL))
        .map(SweepRow.Key::batch)
        .distinct()
        .sorted()
        .toList();
  }

  /** Adds a row, and replaces the file by one that has it. */
  void add(SweepRow row) throws IOException {
    rows.put(row.key(), row);
    if (file == null) {
      return;
    }
    String lines = rows.values().stream().map(this::line).collect(Collectors.joining());
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(
        part,
        "# Benchmarks on a GPU\n\n%s\n\n%s\n\n%s\n%s%s"
            .formatted(conditions, begun, LEGEND, HEADING, lines));
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** A row in Markdown, with its shares as far as the other rows are there. */
  String line(SweepRow row) {
    SweepRow.Key key = row.key();
    boolean matmul = key.contender().equals(Lineup.MATMUL);
    List<String> cells = new ArrayList<>();
    cells.addAll(List.of(key.model(), key.task(), key.precision(), "" + key.batch()));
    cells.add(key.contender());
    if (row.measured()) {
      cells.add(matmul ? "" : format("%.1f", row.imagesPerSecond()));
      cells.add(format("%.3f (%.3f–%.3f)", 1e3 * row.median(), 1e3 * row.min(), 1e3 * row.max()));
      cells.add(format("%.2f", flopsPerSecond(row) / 1e12));
      cells.add(matmul ? "" : share(row, key.with(Lineup.PRODUCTS)));
      cells.add(matmul ? "" : share(row, matmulKey(key.precision())));
      SweepRow ours = matmul ? null : rows.get(key.with(Lineup.OURS));
      boolean ratio = ours != null && ours.measured() && !key.contender().equals(Lineup.OURS);
      cells.add(ratio ? format("%.2f", row.median() / ours.median()) : "");
    } else {
      cells.addAll(List.of(row.outcome(), "", "", "", "", ""));
    }
    cells.add(cell("%.0f", row.gpuMegabytes()));
    cells.add(cell("%.0f", row.hostMegabytes()));
    cells.add(cell("%.1e", row.difference()));
    return "| " + String.join(" | ", cells) + " |\n";
  }

  private SweepRow.Key matmulKey(String precision) {
    return rows.keySet().stream()
        .filter(key -> key.contender().equals(Lineup.MATMUL) && key.precision().equals(precision))
        .findFirst()
        .orElse(null);
  }

  private String share(SweepRow row, SweepRow.Key of) {
    SweepRow bound = of == null || of.equals(row.key()) ? null : rows.get(of);
    return bound == null || !bound.measured()
        ? ""
        : format("%.0f%%", 100 * flopsPerSecond(row) / flopsPerSecond(bound));
  }

  private double flopsPerSecond(SweepRow row) {
    SweepRow.Key key = row.key();
    double flops =
        key.contender().equals(Lineup.MATMUL)
            ? Lineup.squareFlops(key.batch())
            : new Workload(
                    StepTask.valueOf(key.task().toUpperCase(Locale.ROOT)),
                    preset(key.model()),
                    imageSize,
                    "gpu",
                    Precision.FLOAT32)
                .flops(key.batch());
    return flops / row.median();
  }

  private static Variant preset(String name) {
    try {
      return Variant.of(name);
    } catch (IllegalArgumentException e) {
      throw new MixerException("the table's model: " + e.getMessage(), e);
    }
  }

  private static String cell(String format, double value) {
    return Double.isNaN(value) ? "" : format(format, value);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
