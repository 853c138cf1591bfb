package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.chart.Curve;
import dev.mixer4j.finetune.chart.Pictures;
import dev.mixer4j.finetune.chart.StackedChart;
import dev.mixer4j.finetune.progress.MetricsRow;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Loss and accuracy over the steps, one above the other. */
public final class LearningCurves {

  /** Rows that are too few to be smoothed. */
  private static final int FEW = 8;

  private LearningCurves() {}

  /** A run's: training as measured and smoothed, and a dot for each measurement. */
  static StackedChart of(List<MetricsRow> rows) {
    List<MetricsRow> train =
        rows.stream().filter(row -> row.split().equals(MetricsRow.TRAIN)).toList();
    List<MetricsRow> test = MetricsFile.measured(rows);
    String split = test.isEmpty() ? MetricsRow.TEST : test.get(0).split();
    Color blue = Pictures.series(0);
    return chart(
        "Learning curves",
        value -> {
          double[] steps = values(train, MetricsRow::step);
          double[] values = values(train, value);
          List<Curve> curves = new ArrayList<>();
          curves.add(curve(split, test, value, 1));
          if (train.size() >= FEW) {
            Color pale = new Color(0x9cc3ec);
            curves.add(
                new Curve(
                    "train, smoothed", steps, smooth(values), blue, Curve.Style.THICK, false));
            curves.add(new Curve("train", steps, values, pale, Curve.Style.THIN, false));
          } else {
            curves.add(new Curve("train", steps, values, blue, Curve.Style.THICK, true));
          }
          return curves;
        });
  }

  /** The measurements of several runs, by name. */
  public static StackedChart compare(Map<String, List<MetricsRow>> runs) {
    return chart(
        "Test images, or those held out",
        value -> {
          List<Curve> curves = new ArrayList<>();
          runs.forEach(
              (name, rows) ->
                  curves.add(curve(name, MetricsFile.measured(rows), value, curves.size())));
          return curves;
        });
  }

  private static Curve curve(
      String name, List<MetricsRow> rows, ToDoubleFunction<MetricsRow> value, int index) {
    return new Curve(
        name,
        values(rows, MetricsRow::step),
        values(rows, value),
        Pictures.series(index),
        Curve.style(index),
        true);
  }

  private static StackedChart chart(
      String title, Function<ToDoubleFunction<MetricsRow>, List<Curve>> curves) {
    return new StackedChart(
        title,
        "step",
        new StackedChart.Plot("loss", false, curves.apply(MetricsRow::loss)),
        new StackedChart.Plot("accuracy", true, curves.apply(MetricsRow::accuracy)));
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
