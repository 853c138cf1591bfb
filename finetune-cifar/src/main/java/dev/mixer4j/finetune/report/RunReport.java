package dev.mixer4j.finetune.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.data.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The report of a run, for a person and for programs: {@value #JSON}, four pictures, and {@value
 * #HTML}, which shows all of it.
 */
public final class RunReport {

  /** The report for programs. */
  public static final String JSON = "report.json";

  /** The report for a person. */
  public static final String HTML = "report.html";

  /** Loss and accuracy along the way. */
  public static final String CURVES = "curves.png";

  /** How often each class was taken for each other. */
  public static final String CONFUSION = "confusion-matrix.png";

  /** Each class against all others: true over false positives. */
  public static final String ROC = "roc.png";

  /** Test images with what they are and what they were taken for. */
  public static final String SAMPLES = "samples.png";

  /** All files that a report may consist of. */
  public static final List<String> FILES = List.of(JSON, HTML, CURVES, CONFUSION, ROC, SAMPLES);

  private RunReport() {}

  /**
   * Writes the report. The numbers come first: they are there even where no picture can be drawn.
   *
   * @param folder the run's, which exists; the curves are drawn from its {@code metrics.csv}, if it
   *     has one
   * @param scores of the test images
   * @param test the same images in the same order
   * @throws MixerException if this Java cannot draw, because it has no fonts
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
    AtomicFile.write(
        folder.resolve(JSON),
        out ->
            Json.MAPPER.writeValue(
                out,
                new Report(
                    summary.commandLine(),
                    summary.weights(),
                    summary.epoch(),
                    summary.seconds(),
                    metrics)));
    try {
      draw(folder, metrics, scores, test);
    } catch (LinkageError | InternalError e) { // what Java without a font library or fonts throws
      throw new MixerException(
          "%s: the report's pictures cannot be drawn: %s; install fontconfig and a font"
              .formatted(folder, e),
          e);
    }
    AtomicFile.write(
        folder.resolve(HTML),
        out -> out.write(HtmlReport.render(folder, summary, metrics).getBytes(UTF_8)));
  }

  /** The content of {@value #JSON}. */
  private record Report(
      String command, String weights, int epoch, double seconds, @JsonUnwrapped Metrics metrics) {}

  private static void draw(
      Path folder, Metrics metrics, Classifications scores, LabelledImages test)
      throws IOException {
    Path log = folder.resolve(MetricsFile.NAME);
    if (Files.exists(log)) {
      Pictures.write(folder.resolve(CURVES), LearningCurves.draw(MetricsFile.read(log)));
    }
    List<String> names = scores.classNames();
    Pictures.write(
        folder.resolve(CONFUSION), ConfusionMatrixPicture.draw(metrics.confusion(), names));
    Pictures.write(folder.resolve(ROC), RocPicture.draw(metrics.roc(), names));
    Pictures.write(folder.resolve(SAMPLES), SamplesPicture.draw(test, scores));
  }
}
