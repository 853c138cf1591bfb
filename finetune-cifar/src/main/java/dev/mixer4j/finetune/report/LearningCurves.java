package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.progress.MetricsRow;
import java.awt.Color;
import java.awt.Stroke;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleEdge;

/** Loss and accuracy over the steps, one above the other. */
public final class LearningCurves {

  private static final int WIDTH = 1000;
  private static final int HEIGHT = 720;

  private LearningCurves() {}

  /**
   * One run's: training as measured and smoothed, and the test images' with a dot for each test.
   */
  public static BufferedImage draw(List<MetricsRow> rows) {
    List<MetricsRow> train =
        rows.stream().filter(row -> row.split().equals(MetricsRow.TRAIN)).toList();
    List<MetricsRow> test = MetricsFile.measured(rows);
    Color blue = Pictures.series(0);
    Color pale = new Color(0xa9cdf0);
    return draw(
        "Learning curves",
        (chart, value) -> {
          double[] steps = steps(train);
          double[] values = values(train, value);
          chart.add(
              test.isEmpty() ? MetricsRow.TEST : test.get(0).split(),
              steps(test),
              values(test, value),
              new LineChart.Style(Pictures.series(2), LineChart.THICK, true, true));
          if (train.size() > 2) {
            double[] smooth = smooth(values);
            chart.add("train, smoothed", steps, smooth, new LineChart.Style(blue, LineChart.THICK));
          }
          chart.add("train", steps, values, new LineChart.Style(pale, LineChart.THIN));
        });
  }

  /** Several runs' test images. */
  public static BufferedImage compare(Map<String, List<MetricsRow>> runs) {
    return draw(
        "Test images, or those held out",
        (chart, value) -> {
          int index = 0;
          for (Map.Entry<String, List<MetricsRow>> run : runs.entrySet()) {
            List<MetricsRow> test = MetricsFile.measured(run.getValue());
            Color colour = Pictures.series(index);
            // The colours come round, so the second ten are dashed.
            Stroke stroke = index < 10 ? LineChart.THICK : LineChart.DASHED;
            LineChart.Style style = new LineChart.Style(colour, stroke, true, true);
            chart.add(run.getKey(), steps(test), values(test, value), style);
            index++;
          }
        });
  }

  /** Adds the curves of one of the two plots. */
  private interface Curves {
    void addTo(LineChart chart, ToDoubleFunction<MetricsRow> value);
  }

  private static BufferedImage draw(String title, Curves curves) {
    NumberAxis steps = LineChart.axis("step", "#,##0");
    steps.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    steps.setLowerMargin(0.01);
    steps.setUpperMargin(0.01);
    LineChart loss = new LineChart();
    curves.addTo(loss, MetricsRow::loss);
    LineChart accuracy = new LineChart();
    curves.addTo(accuracy, MetricsRow::accuracy);
    CombinedDomainXYPlot both = new CombinedDomainXYPlot(steps);
    both.setGap(18);
    both.add(loss.plot(null, LineChart.axis("loss", "0.0##")));
    XYPlot lower = accuracy.plot(null, LineChart.axis("accuracy", "0.#%"));
    lower.setFixedLegendItems(new LegendItemCollection()); // the upper one's do
    both.add(lower);
    JFreeChart chart = LineChart.chart(title, both, RectangleEdge.BOTTOM);
    return chart.createBufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB, null);
  }

  /**
   * Exponential moving average that starts without a bias towards zero, as TensorBoard's; the more
   * rows, the longer it looks back.
   */
  public static double[] smooth(double[] values) {
    double decay = 1 - 1 / Math.max(1.5, values.length / 25.0);
    double[] smoothed = new double[values.length];
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < values.length; i++) {
      if (Double.isFinite(values[i])) {
        sum = decay * sum + (1 - decay) * values[i];
        weight = decay * weight + (1 - decay);
      }
      smoothed[i] = sum / weight;
    }
    return smoothed;
  }

  private static double[] steps(List<MetricsRow> rows) {
    return rows.stream().mapToDouble(MetricsRow::step).toArray();
  }

  private static double[] values(List<MetricsRow> rows, ToDoubleFunction<MetricsRow> value) {
    return IntStream.range(0, rows.size())
        .mapToDouble(i -> value.applyAsDouble(rows.get(i)))
        .toArray();
  }
}
