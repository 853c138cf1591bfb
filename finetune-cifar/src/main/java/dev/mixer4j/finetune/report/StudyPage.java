package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.mixer4j.finetune.chart.Curve;
import dev.mixer4j.finetune.chart.Markup;
import dev.mixer4j.finetune.chart.Pictures;
import dev.mixer4j.finetune.chart.StackedChart;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A study as a page and as a table for programs: what came of each combination of settings, and the
 * curves of all trainings over each other.
 *
 * @param title of the page
 * @param results all trainings, in order
 */
public record StudyPage(String title, List<Result> results) {

  /** The page's file in the folder of a study. */
  public static final String HTML = "study.html";

  /** The table's file in the folder of a study. */
  public static final String CSV = "study.csv";

  private static final String FINAL = "final accuracy";
  private static final Map<String, Function<List<Result>, String>> COLUMNS = columns();

  /**
   * A training.
   *
   * @param name of its folder
   * @param combination what differs from others, without the seed; the same for other seeds
   * @param record its folder's content; null before it has begun
   * @param problem why it failed; empty if it did not
   * @param parameters of the network; 0 if not known
   */
  public record Result(
      String name, String combination, RunRecord record, String problem, long parameters) {

    private boolean measured() {
      return record != null && record.last().isPresent();
    }

    private double best() {
      return record.best().map(MetricsRow::accuracy).orElse(Double.NaN);
    }

    private double last() {
      return record.last().map(MetricsRow::accuracy).orElse(Double.NaN);
    }

    private String state() {
      if (!problem.isEmpty()) {
        return "failed: " + problem;
      }
      return record == null ? "missing" : record.finished() ? "finished" : "unfinished";
    }
  }

  /** Writes both files into a folder. */
  public void write(Path folder) throws IOException {
    String html = html();
    AtomicFile.write(folder.resolve(HTML), out -> out.write(html.getBytes(UTF_8)));
    String csv = csv();
    AtomicFile.write(folder.resolve(CSV), out -> out.write(csv.getBytes(UTF_8)));
  }

  private Map<String, List<Result>> combinations() {
    Map<String, List<Result>> combinations = new LinkedHashMap<>();
    results.forEach(
        each ->
            combinations.computeIfAbsent(each.combination, name -> new ArrayList<>()).add(each));
    return combinations;
  }

  private String csv() {
    StringBuilder csv =
        new StringBuilder(
            "run,combination,best_accuracy,final_accuracy,seconds,parameters,state\n");
    for (Result each : results) {
      csv.append(
          String.format(
              Locale.ROOT,
              "%s,%s,%.6f,%.6f,%.1f,%d,%s%n",
              each.name,
              quoted(each.combination),
              each.measured() ? each.best() : Double.NaN,
              each.measured() ? each.last() : Double.NaN,
              each.record == null ? Double.NaN : each.record.seconds(),
              each.parameters,
              quoted(each.state())));
    }
    return csv.toString().replace("NaN", "");
  }

  private static String quoted(String text) {
    return Table.quoted(text.replaceAll("\\s+", " "));
  }

  private String html() throws IOException {
    StringBuilder html = new StringBuilder(HtmlReport.head(title));
    long finished = results.stream().filter(each -> each.state().equals("finished")).count();
    html.append(
        "<p class=\"about\">%d of %d trainings finished</p>%n".formatted(finished, results.size()));
    List<String> splits =
        results.stream()
            .filter(Result::measured)
            .flatMap(each -> each.record.last().stream())
            .map(MetricsRow::split)
            .distinct()
            .toList();
    if (!splits.isEmpty()) {
      html.append(
          "<p class=\"about\">Accuracies are those of the %s images</p>%n"
              .formatted(String.join(" or ", splits)));
    }
    html.append("<h2>Results</h2>\n<div class=\"wide\"><table class=\"classes\">\n<thead><tr>");
    COLUMNS
        .keySet()
        .forEach(name -> html.append("<th scope=\"col\">").append(name).append("</th>"));
    html.append("</tr></thead>\n<tbody>\n");
    double highest =
        combinations().values().stream().mapToDouble(StudyPage::meanLast).max().orElse(Double.NaN);
    combinations().forEach((name, all) -> html.append(row(all, highest)));
    html.append("</tbody>\n</table></div>\n");
    html.append(
        "<p class=\"about\">Accuracies are means over the trainings of a row, which differ");
    html.append(" in the seed, with their standard deviation. The highest is bold.</p>\n");
    if (results.stream().anyMatch(Result::measured)) {
      html.append("<h2>Curves</h2>\n<figure class=\"chart\">\n");
      html.append(curves().svg()).append("</figure>\n");
    }
    List<Result> failed = results.stream().filter(each -> !each.problem.isEmpty()).toList();
    if (!failed.isEmpty()) {
      html.append("<h2>Failed</h2>\n<table>\n");
      failed.forEach(
          each ->
              html.append(
                  "<tr><th>%s</th><td>%s</td></tr>%n"
                      .formatted(Markup.escape(each.name), Markup.escape(each.problem))));
      html.append("</table>\n");
    }
    return html.append("</main>\n</body>\n</html>\n").toString();
  }

  private static String row(List<Result> all, double highest) {
    boolean best = all.stream().anyMatch(Result::measured) && meanLast(all) == highest;
    StringBuilder row = new StringBuilder("<tr>");
    COLUMNS.forEach(
        (column, cell) -> {
          String text = Markup.escape(cell.apply(all));
          boolean bold = best && column.equals(FINAL);
          row.append("<td>").append(bold ? "<strong>" + text + "</strong>" : text).append("</td>");
        });
    return row.append("</tr>\n").toString();
  }

  /** The results of each combination. */
  public Table table() {
    Table table = new Table();
    List<List<Result>> rows = List.copyOf(combinations().values());
    COLUMNS.forEach((name, cell) -> table.add(name, rows, cell));
    return table;
  }

  private static Map<String, Function<List<Result>, String>> columns() {
    Map<String, Function<List<Result>, String>> columns = new LinkedHashMap<>();
    columns.put("training", all -> all.get(0).combination);
    columns.put(FINAL, all -> percent(measured(all), Result::last));
    columns.put("best accuracy", all -> percent(measured(all), Result::best));
    columns.put(
        "trainings",
        all -> {
          int measured = measured(all).size();
          return measured == all.size() ? "" + measured : measured + " of " + all.size();
        });
    columns.put("time", all -> time(measured(all)));
    columns.put(
        "parameters",
        all -> all.get(0).parameters == 0 ? "–" : "%,d".formatted(all.get(0).parameters));
    return columns;
  }

  private static List<Result> measured(List<Result> all) {
    return all.stream().filter(Result::measured).toList();
  }

  private static double meanLast(List<Result> all) {
    return all.stream().filter(Result::measured).mapToDouble(Result::last).average().orElse(-1);
  }

  /** The mean, and the standard deviation of a sample where there are several. */
  private static String percent(List<Result> measured, ToDoubleFunction<Result> value) {
    double[] values = measured.stream().mapToDouble(value).toArray();
    if (values.length == 0) {
      return "–";
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    if (values.length == 1) {
      return String.format(Locale.ROOT, "%.2f%%", 100 * mean);
    }
    double squares = Arrays.stream(values).map(each -> (each - mean) * (each - mean)).sum();
    double deviation = Math.sqrt(squares / (values.length - 1));
    return String.format(Locale.ROOT, "%.2f ± %.2f%%", 100 * mean, 100 * deviation);
  }

  private static String time(List<Result> measured) {
    double mean =
        measured.stream()
            .mapToDouble(each -> each.record.seconds())
            .filter(Double::isFinite)
            .average()
            .orElse(Double.NaN);
    return Double.isNaN(mean) ? "–" : HtmlReport.time(mean);
  }

  /** The accuracy of measurements above the loss in training, over the epochs. */
  StackedChart curves() {
    Map<String, List<Result>> combinations = combinations();
    List<String> names = new ArrayList<>(combinations.keySet());
    List<Curve> accuracy = new ArrayList<>();
    List<Curve> loss = new ArrayList<>();
    for (Map.Entry<String, List<Result>> each : combinations.entrySet()) {
      int index = names.indexOf(each.getKey());
      String split =
          each.getValue().stream().anyMatch(StudyPage::validated)
              ? MetricsRow.VALIDATION
              : MetricsRow.TEST;
      add(accuracy, each, split, MetricsRow::accuracy, names, index);
      add(loss, each, MetricsRow.TRAIN, MetricsRow::loss, names, index);
    }
    return new StackedChart(
        "Mean over seeds, and each training",
        "epoch",
        new StackedChart.Plot("accuracy", true, accuracy),
        new StackedChart.Plot("training loss", false, loss));
  }

  private static boolean validated(Result result) {
    return result.record != null
        && result.record.rows().stream().anyMatch(row -> row.split().equals(MetricsRow.VALIDATION));
  }

  /** A scale from light to dark for growing numbers, otherwise colours that are far apart. */
  private static Color colour(List<String> names, int index) {
    double[] numbers =
        names.stream()
            .map(name -> name.replaceAll(".* ", ""))
            .mapToDouble(StudyPage::number)
            .toArray();
    boolean growing = numbers.length > 2;
    for (int i = 0; i < numbers.length; i++) {
      growing &= Double.isFinite(numbers[i]) && (i == 0 || numbers[i] > numbers[i - 1]);
    }
    boolean one = names.stream().noneMatch(name -> name.contains(","));
    if (!growing || !one) {
      return Pictures.series(index);
    }
    float share = index / (float) (names.size() - 1);
    return Color.getHSBColor(0.55f + 0.1f * share, 0.35f + 0.6f * share, 0.95f - 0.4f * share);
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** The mean as a thick line; where there are several trainings, each as a thin one. */
  private static void add(
      List<Curve> curves,
      Map.Entry<String, List<Result>> combination,
      String split,
      ToDoubleFunction<MetricsRow> value,
      List<String> names,
      int index) {
    Color colour = colour(names, index);
    Map<Integer, List<Double>> byEpoch = new TreeMap<>();
    List<Map<Integer, Double>> single = new ArrayList<>();
    for (Result each : measured(combination.getValue())) {
      Map<Integer, Double> curve = curve(each.record.rows(), split, value);
      single.add(curve);
      curve.forEach((x, y) -> byEpoch.computeIfAbsent(x, epoch -> new ArrayList<>()).add(y));
    }
    Map<Integer, Double> mean = new TreeMap<>();
    byEpoch.forEach((x, ys) -> mean.put(x, mean(ys)));
    curves.add(new Curve(combination.getKey(), x(mean), y(mean), colour, Curve.style(index), true));
    if (single.size() > 1) {
      Color pale = pale(colour);
      single.forEach(
          curve -> curves.add(new Curve(null, x(curve), y(curve), pale, Curve.Style.THIN, false)));
    }
  }

  private static Color pale(Color colour) {
    int[] mixed = {colour.getRed(), colour.getGreen(), colour.getBlue()};
    Arrays.setAll(mixed, i -> (mixed[i] + 2 * 190) / 3);
    return new Color(mixed[0], mixed[1], mixed[2]);
  }

  /** The mean of a split's rows in each epoch after the first step. */
  private static Map<Integer, Double> curve(
      List<MetricsRow> rows, String split, ToDoubleFunction<MetricsRow> value) {
    Map<Integer, List<Double>> byEpoch = new TreeMap<>();
    for (MetricsRow row : rows) {
      double number = value.applyAsDouble(row);
      if (row.step() > 0 && row.split().equals(split) && Double.isFinite(number)) {
        byEpoch.computeIfAbsent(row.epoch(), epoch -> new ArrayList<>()).add(number);
      }
    }
    Map<Integer, Double> curve = new TreeMap<>();
    byEpoch.forEach((epoch, numbers) -> curve.put(epoch, mean(numbers)));
    return curve;
  }

  private static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  private static double[] x(Map<Integer, Double> curve) {
    return curve.keySet().stream().mapToDouble(Integer::doubleValue).toArray();
  }

  private static double[] y(Map<Integer, Double> curve) {
    return curve.values().stream().mapToDouble(Double::doubleValue).toArray();
  }
}
