package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.progress.MetricsRow;
import java.awt.Color;
import java.awt.Stroke;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;

/** Draws loss and accuracy over the steps, one above the other. */
public final class LearningCurves {

  private static final int WIDTH = 1000;
  private static final int HEIGHT = 720;

  private LearningCurves() {}

  /** A run's: training as measured and smoothed, and a dot for each test. */
  public static BufferedImage draw(List<MetricsRow> rows) {
    List<MetricsRow> train =
        rows.stream().filter(row -> row.split().equals(MetricsRow.TRAIN)).toList();
    List<MetricsRow> test = MetricsFile.measured(rows);
    Color blue = Pictures.series(0);
    Color pale = new Color(0xa9cdf0);
    return draw(
        "Learning curves",
        (chart, value) -> {
          double[] steps = values(train, MetricsRow::step);
          double[] values = values(train, value);
          String split = test.isEmpty() ? MetricsRow.TEST : test.get(0).split();
          add(chart, split, test, value, Pictures.series(2), LineChart.THICK);
          if (train.size() > 2) {
            double[] smooth = smooth(values);
            chart.add("train, smoothed", steps, smooth, blue, LineChart.THICK, false);
          }
          chart.add("train", steps, values, pale, LineChart.THIN, false);
        });
  }

  /** The test curves of several runs, by name. */
  public static BufferedImage compare(Map<String, List<MetricsRow>> runs) {
    return draw(
        "Test images, or those held out",
        (chart, value) -> {
          int index = 0;
          for (Map.Entry<String, List<MetricsRow>> run : runs.entrySet()) {
            List<MetricsRow> test = MetricsFile.measured(run.getValue());
            // The colours repeat, so the second ten are dashed.
            Stroke stroke = index < 10 ? LineChart.THICK : LineChart.DASHED;
            add(chart, run.getKey(), test, value, Pictures.series(index++), stroke);
          }
        });
  }

  private static void add(
      LineChart chart,
      String name,
      List<MetricsRow> test,
      ToDoubleFunction<MetricsRow> value,
      Color colour,
      Stroke stroke) {
    chart.add(name, values(test, MetricsRow::step), values(test, value), colour, stroke, true);
  }

  private static BufferedImage draw(
      String title, BiConsumer<LineChart, ToDoubleFunction<MetricsRow>> curves) {
    NumberAxis steps = LineChart.axis("step", "#,##0");
    steps.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    steps.setLowerMargin(0.01);
    steps.setUpperMargin(0.01);
    LineChart loss = new LineChart();
    curves.accept(loss, MetricsRow::loss);
    LineChart accuracy = new LineChart();
    curves.accept(accuracy, MetricsRow::accuracy);
    JFreeChart chart =
        LineChart.chart(
            title,
            steps,
            loss.plot(null, LineChart.axis("loss", "0.0##")),
            accuracy.plot(null, LineChart.axis("accuracy", "0.#%")));
    return chart.createBufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB, null);
  }

  /** TensorBoard's debiased exponential moving average; more rows have a longer memory. */
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

  private static double[] values(List<MetricsRow> rows, ToDoubleFunction<MetricsRow> value) {
    return rows.stream().mapToDouble(value).toArray();
  }
}
