package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The report as one page: without scripts, with escaped texts and the folder's pictures. */
record HtmlReport(Path folder, RunSummary summary, Metrics metrics, StringBuilder html) {

  String render() throws IOException {
    html.append(head("Report of " + folder.toAbsolutePath().normalize().getFileName()));
    headline();
    picture("Learning curves", RunReport.CURVES);
    picture("Confusion matrix", RunReport.CONFUSION);
    picture("ROC curves", RunReport.ROC);
    classes();
    picture(
        summary.split().equals(MetricsRow.TEST) ? "Test images" : "Validation images",
        RunReport.SAMPLES);
    settings();
    add("<h2>Repeat it</h2>\n<pre>%s</pre>\n</body>\n</html>\n", summary.commandLine());
    return html.toString();
  }

  /** A page's start, up to its first heading. */
  static String head(String title) throws IOException {
    String css;
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      css = new String(in.readAllBytes(), UTF_8);
    }
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <h1>%1$s</h1>
        """
        .formatted(escape(title), css);
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
    number("mean AUC", decimals(metrics.roc().meanAuc()));
    number("time", time(summary.seconds()));
    add("</dl>\n");
  }

  private void number(String name, String value) {
    add("<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
  }

  private void picture(String title, String file) throws IOException {
    Path path = folder.resolve(file);
    if (Files.exists(path)) {
      add("<h2>%s</h2>\n<figure><img alt=\"%1$s\" src=\"data:image/png;base64,", title);
      html.append(Base64.getEncoder().encodeToString(Files.readAllBytes(path)));
      add("\"></figure>\n");
    }
  }

  private void classes() {
    add(
        """
        <h2>Classes</h2>
        <div class="wide"><table class="classes">
        <thead><tr><th>class</th><th>precision</th><th>recall</th><th>F1</th><th>AUC</th><th>images</th></tr></thead>
        <tbody>
        """);
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

  private void settings() {
    add("<h2>Settings and versions</h2>\n<div class=\"settings\">\n");
    for (Map.Entry<String, JsonNode> member : summary.config().properties()) {
      if (member.getValue().isObject()) {
        add("<section><h3>%s</h3>\n<table>\n", words(member.getKey()));
        for (Map.Entry<String, JsonNode> value : member.getValue().properties()) {
          add("<tr><th>%s</th><td>%s</td></tr>\n", words(value.getKey()), text(value.getValue()));
        }
        add("</table></section>\n");
      }
    }
    add("</div>\n");
  }

  private static String words(String key) {
    return key.replace('_', ' ');
  }

  private static String text(JsonNode value) {
    if (value.isArray()) {
      return value.valueStream().map(HtmlReport::text).collect(Collectors.joining(", "));
    }
    return value.isValueNode() ? value.asText() : value.toString();
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
        arguments, i -> arguments[i] instanceof String text ? escape(text) : arguments[i]);
    html.append(String.format(Locale.ROOT, template, arguments));
  }

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;")
        .replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\uFFFD");
  }
}
