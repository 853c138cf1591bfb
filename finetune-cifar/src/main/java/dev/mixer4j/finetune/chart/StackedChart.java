package dev.mixer4j.finetune.chart;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;

/** Two plots of curves with a common horizontal axis of whole numbers, and one legend. */
public record StackedChart(String title, String xLabel, Plot upper, Plot lower) {

  private static final int WIDTH = 1000;
  private static final int PLOT_HEIGHT = 320;
  private static final int LEGEND_HEIGHT = 26;
  private static final int TICKS = 6;

  /** Curves, and the label of their axis; a percentage where they are shares. */
  public record Plot(String label, boolean percent, List<Curve> curves) {

    private Ticks ticks() {
      return Ticks.of(
          curves.stream().flatMapToDouble(curve -> DoubleStream.of(curve.y())),
          TICKS,
          percent,
          false);
    }
  }

  private Ticks x() {
    return Ticks.of(
        upper.curves.stream().flatMapToDouble(curve -> DoubleStream.of(curve.x())),
        10,
        false,
        true);
  }

  /** The legend is that of the upper plot. */
  public BufferedImage png() {
    NumberAxis steps = LineChart.axis(xLabel, x());
    JFreeChart chart =
        LineChart.chart(
            title,
            steps,
            LineChart.plot(upper.curves, null, LineChart.axis(upper.label, upper.ticks())),
            LineChart.plot(lower.curves, null, LineChart.axis(lower.label, lower.ticks())));
    int height = 2 * PLOT_HEIGHT + LEGEND_HEIGHT * (2 + upper.curves.size() / 3);
    return chart.createBufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB, null);
  }

  /** The content of a figure in a page. */
  public String svg() {
    StringBuilder html = new StringBuilder(SvgLineChart.legend(upper.curves));
    for (Plot plot : List.of(upper, lower)) {
      html.append(
          new SvgLineChart(summary(plot), xLabel, plot.label, x(), plot.ticks(), plot.curves)
              .draw(WIDTH, PLOT_HEIGHT));
    }
    return html.toString();
  }

  /** The first and last value of each curve, in words. */
  private static String summary(Plot plot) {
    StringBuilder text = new StringBuilder("Chart of " + plot.label);
    for (Curve curve : plot.curves) {
      double[] y = DoubleStream.of(curve.y()).filter(Double::isFinite).toArray();
      if (curve.name() != null && y.length > 0) {
        double scale = plot.percent ? 100 : 1;
        text.append(
            Markup.format(
                plot.percent ? "; %s: from %.2f%% to %.2f%%" : "; %s: from %.4f to %.4f",
                curve.name(),
                scale * y[0],
                scale * y[y.length - 1]));
      }
    }
    return text.toString();
  }
}
