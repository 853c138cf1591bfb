package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.finetune.chart.Markup;
import dev.mixer4j.finetune.chart.SvgConfusionMatrix;
import dev.mixer4j.finetune.chart.SvgReliability;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The report as one page, with escaped texts, charts as SVG and the images that it shows. */
record HtmlReport(
    Path folder, RunSummary summary, Metrics metrics, Samples samples, StringBuilder html) {

  private static final List<String> SECTIONS =
      List.of(
          "Training",
          "Learning curves",
          "Confusions",
          "Confidence",
          "ROC curves",
          "Classes",
          "Images",
          "Settings");

  String render() throws IOException {
    html.append(head("Report of " + folder.toAbsolutePath().normalize().getFileName()));
    headline();
    Path log = folder.resolve(MetricsFile.NAME);
    List<MetricsRow> rows = Files.exists(log) ? MetricsFile.read(log) : List.of();
    add("<nav aria-label=\"Sections\"><ul>\n");
    for (String section : SECTIONS) {
      if (!rows.isEmpty() || !section.equals("Learning curves")) {
        add("<li><a href=\"#%s\">%s</a></li>\n", id(section), section);
      }
    }
    add("</ul></nav>\n");
    training(rows);
    if (!rows.isEmpty()) {
      section("Learning curves");
      figure(LearningCurves.of(rows).svg());
    }
    confusions();
    confidence();
    RocChart roc = new RocChart(metrics.roc(), names());
    section("ROC curves");
    add("<p class=\"about\">%s</p>\n", roc.title());
    figure(roc.svg());
    classes();
    images();
    settings();
    return html.append("</main>\n").append(script()).append("</body>\n</html>\n").toString();
  }

  /** A page's start, up to its first heading. */
  static String head(String title) throws IOException {
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-%s'">
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <main>
        <h1>%2$s</h1>
        """
        .formatted(hash(resource("report.js")), Markup.escape(title), resource("report.css"));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  /** Sorts tables; the page's policy allows this script and no other. */
  private static String script() throws IOException {
    return "<script>" + resource("report.js") + "</script>\n";
  }

  private static String hash(String script) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(script.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String id(String section) {
    return section.toLowerCase(Locale.ROOT).replace(' ', '-');
  }

  private void section(String title) {
    add("<h2 id=\"%s\">%s</h2>\n", id(title), title);
  }

  private void figure(String content) {
    html.append("<figure class=\"chart\">\n").append(content).append("</figure>\n");
  }

  private List<String> names() {
    return metrics.classes().stream().map(Metrics.ClassMetrics::name).toList();
  }

  private void headline() {
    add("<p class=\"about\">%s", summary.weights());
    if (summary.epoch() > 0) {
      add(", the weights after epoch %d", summary.epoch());
    }
    add(
        ", on %,d %s images of %,d classes%s</p>\n<dl class=\"headline\">\n",
        metrics.images(),
        summary.split(),
        metrics.classes().size(),
        summary.split().equals(MetricsRow.TEST)
            ? ""
            : ", which were not trained on but chose these weights");
    number("accuracy", percent(metrics.accuracy()));
    if (metrics.classes().size() > 5) {
      number("top-5 accuracy", percent(metrics.top5()));
    }
    number("cross-entropy", decimals(metrics.loss()));
    number("macro F1", decimals(metrics.macro().f1()));
    number("macro AUC", decimals(metrics.roc().meanAuc()));
    number("calibration error", percent(metrics.calibration().error()));
    add("</dl>\n");
  }

  private void number(String name, String value) {
    add("<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
  }

  /** What was trained on what, how and where, and the command that does it again. */
  private void training(List<MetricsRow> rows) {
    section("Training");
    add("<table class=\"facts\">\n");
    for (Map.Entry<String, String> fact : summary.facts(rows).entrySet()) {
      add("<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", fact.getKey(), fact.getValue());
    }
    add("</table>\n<p>The command that repeats it:</p>\n<pre>%s</pre>\n", summary.commandLine());
  }

  private void confusions() throws IOException {
    section("Confusions");
    int[][] counts = metrics.confusion();
    if (counts.length <= SvgConfusionMatrix.MOST_CLASSES) {
      figure(SvgConfusionMatrix.draw(counts, names()));
    } else {
      byte[] png = Files.readAllBytes(folder.resolve(RunReport.CONFUSION));
      add("<figure><img alt=\"Confusion matrix of %d classes\"", counts.length);
      add(" src=\"data:image/png;base64,%s\"></figure>\n", Base64.getEncoder().encodeToString(png));
    }
    List<Samples.Confusion> top = samples.confusions(counts);
    if (top.isEmpty()) {
      add("<p>No image was confused.</p>\n");
      return;
    }
    add("<h3>The most frequent confusions</h3>\n<div class=\"wide\"><table class=\"pairs\">\n");
    add("<thead><tr><th scope=\"col\">true class</th><th scope=\"col\">predicted</th>");
    add("<th scope=\"col\">images</th><th scope=\"col\">of the class</th>");
    add("<th scope=\"col\">the most confident</th></tr></thead>\n<tbody>\n");
    for (Samples.Confusion pair : top) {
      int all = metrics.classes().get(pair.label()).support();
      add(
          "<tr><td>%s</td><td>%s</td><td>%,d</td><td>%.1f%%</td><td>",
          names().get(pair.label()),
          names().get(pair.prediction()),
          pair.count(),
          100.0 * pair.count() / all);
      for (int image : pair.examples()) {
        image(image);
      }
      add("</td></tr>\n");
    }
    add("</tbody>\n</table></div>\n");
  }

  private void image(int index) throws IOException {
    add(
        "<img alt=\"%s, predicted as %s with %s\" src=\"%s\">",
        samples.label(index),
        samples.prediction(index),
        samples.certainty(index),
        samples.source(index));
  }

  private void confidence() {
    section("Confidence");
    Calibration calibration = metrics.calibration();
    add(
        "<p>The expected calibration error is %s: so far are the confidence of predictions and their"
            + " accuracy apart, on average over the images, in %d bins of equal width. A bar shows the"
            + " accuracy of the images of a bin, the mark across it their mean confidence. Bars below the"
            + " diagonal mean that the network is too confident.</p>\n",
        percent(calibration.error()), calibration.bins().size());
    String alternative =
        "Reliability diagram; "
            + calibration.bins().stream()
                .filter(bar -> bar.images() > 0)
                .map(
                    bar ->
                        String.format(
                            Locale.ROOT,
                            "%d images of mean confidence %.0f%%: accuracy %.0f%%",
                            bar.images(),
                            100 * bar.confidence(),
                            100 * bar.accuracy()))
                .collect(Collectors.joining("; "));
    figure(SvgReliability.draw(calibration.bins(), alternative));
  }

  private void classes() {
    section("Classes");
    add("<div class=\"wide\"><table class=\"classes sortable\">\n<thead><tr>");
    for (String column : List.of("class", "precision", "recall", "F1", "AUC", "images")) {
      add("<th scope=\"col\">%s</th>", column);
    }
    add("</tr></thead>\n<tbody>\n");
    for (Metrics.ClassMetrics each : metrics.classes()) {
      row(each.name(), each.support(), each.precision(), each.recall(), each.f1(), each.auc());
    }
    add("</tbody>\n<tfoot>\n");
    Metrics.Average macro = metrics.macro();
    Metrics.Average mean = metrics.weighted();
    double auc = metrics.roc().meanAuc();
    int images = metrics.images();
    row("macro average", images, macro.precision(), macro.recall(), macro.f1(), auc);
    row("weighted average", images, mean.precision(), mean.recall(), mean.f1(), Double.NaN);
    add("</tfoot>\n</table></div>\n");
  }

  private void row(String name, int images, double... values) {
    add("<tr><td>%s</td>", name);
    for (double value : values) {
      add("<td>%s</td>", decimals(value));
    }
    add("<td>%,d</td></tr>\n", images);
  }

  private void images() throws IOException {
    add(
        "<h2 id=\"images\">%s images</h2>\n",
        summary.split().equals(MetricsRow.TEST) ? "Test" : "Validation");
    List<Integer> mistakes = samples.mistakes();
    if (!mistakes.isEmpty()) {
      add("<h3>%s</h3>\n", samples.mistakesTitle());
      gallery(mistakes);
    }
    List<Integer> correct = samples.correct();
    if (!correct.isEmpty()) {
      add("<h3>Correct</h3>\n");
      gallery(correct);
    }
  }

  private void gallery(List<Integer> indices) throws IOException {
    add("<ul class=\"gallery\">\n");
    for (int index : indices) {
      add("<li>");
      image(index);
      boolean correct = samples.scores().isCorrect(index);
      add(
          "<br>%s<br><strong class=\"%s\">%s %s</strong></li>\n",
          samples.label(index),
          correct ? "right" : "wrong",
          samples.prediction(index),
          samples.certainty(index));
    }
    add("</ul>\n");
  }

  private void settings() {
    section("Settings");
    add("<div class=\"settings\">\n");
    for (Map.Entry<String, JsonNode> member : summary.config().properties()) {
      if (member.getValue().isObject()) {
        add("<section><h3>%s</h3>\n<table>\n", words(member.getKey()));
        for (Map.Entry<String, JsonNode> value : member.getValue().properties()) {
          add(
              "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n",
              words(value.getKey()), text(value.getValue()));
        }
        add("</table></section>\n");
      }
    }
    add("</div>\n");
  }

  private static String words(String key) {
    return key.replace('_', ' ');
  }

  /** A value in words: {@code {"name": "adam", "beta1": 0.9}} as "adam, beta1 0.9". */
  static String text(JsonNode value) {
    if (value.isArray()) {
      return value.valueStream().map(HtmlReport::text).collect(Collectors.joining(", "));
    }
    if (value.isObject()) {
      return value.properties().stream()
          .map(
              each ->
                  (each.getKey().equals("name") ? "" : words(each.getKey()) + " ")
                      + text(each.getValue()))
          .collect(Collectors.joining(", "));
    }
    return Json.plain(value);
  }

  static String time(double seconds) {
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    Duration time = Duration.ofSeconds(Math.round(seconds));
    return "%d:%02d:%02d".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", 100 * share);
  }

  private static String decimals(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.4f", value);
  }

  /** Adds a template; texts among its arguments are escaped. */
  private void add(String template, Object... arguments) {
    Arrays.setAll(
        arguments, i -> arguments[i] instanceof String text ? Markup.escape(text) : arguments[i]);
    html.append(String.format(Locale.ROOT, template, arguments));
  }
}
