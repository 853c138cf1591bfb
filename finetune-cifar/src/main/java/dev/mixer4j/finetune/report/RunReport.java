package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.chart.ConfusionMatrixPicture;
import dev.mixer4j.finetune.data.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the report of a run: {@value #JSON} for programs, four pictures, and {@value #HTML}, which
 * shows all of it.
 */
public final class RunReport {

  public static final String HTML = "report.html";
  static final String JSON = "report.json";
  static final String CURVES = "curves.png";
  static final String CONFUSION = "confusion-matrix.png";
  static final String ROC = "roc.png";
  static final String SAMPLES = "samples.png";

  /** All files of a report; {@value #CURVES} may be missing. */
  public static final List<String> FILES = List.of(JSON, HTML, CURVES, CONFUSION, ROC, SAMPLES);

  private RunReport() {}

  /**
   * Writes the report: first the numbers, in case no picture can be drawn. Curves need the folder's
   * {@code metrics.csv}; the scores are in the order of the images.
   */
  public static void write(
      Path folder, RunSummary summary, Classifications scores, LabelledImages test)
      throws IOException {
    if (scores.images() != test.size()) {
      throw new IllegalArgumentException(
          "scores of %d images for %d images".formatted(scores.images(), test.size()));
    }
    for (String name : FILES) {
      Files.deleteIfExists(folder.resolve(name));
    }
    Metrics metrics = Metrics.of(scores);
    String command = summary.commandLine();
    Report report =
        new Report(
            command,
            summary.weights(),
            summary.epoch(),
            summary.split(),
            summary.seconds(),
            metrics);
    AtomicFile.write(folder.resolve(JSON), out -> Json.MAPPER.writeValue(out, report));
    try {
      draw(folder, metrics, scores, test);
    } catch (LinkageError | InternalError e) { // thrown without a font library or fonts
      throw new MixerException(
          "%s: the report's pictures cannot be drawn: %s; install fontconfig and a font"
              .formatted(folder, e),
          e);
    }
    HtmlReport page =
        new HtmlReport(folder, summary, metrics, new Samples(test, scores), new StringBuilder());
    AtomicFile.write(folder.resolve(HTML), out -> out.write(page.render().getBytes(UTF_8)));
  }

  private record Report(
      String command,
      String weights,
      int epoch,
      String split,
      double seconds,
      @JsonUnwrapped Metrics metrics) {}

  private static void draw(
      Path folder, Metrics metrics, Classifications scores, LabelledImages test)
      throws IOException {
    Path log = folder.resolve(MetricsFile.NAME);
    if (Files.exists(log)) {
      AtomicFile.writePng(folder.resolve(CURVES), LearningCurves.of(MetricsFile.read(log)).png());
    }
    List<String> names = scores.classNames();
    AtomicFile.writePng(
        folder.resolve(CONFUSION), ConfusionMatrixPicture.draw(metrics.confusion(), names));
    AtomicFile.writePng(folder.resolve(ROC), new RocChart(metrics.roc(), names).png());
    AtomicFile.writePng(
        folder.resolve(SAMPLES), new SamplesPicture(new Samples(test, scores)).draw());
  }
}
