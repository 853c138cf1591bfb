package dev.mixer4j.finetune.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Stroke;
import java.awt.geom.Ellipse2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** A plot of curves in this project's style; the first curve is on top. */
final class LineChart {

  static final Stroke THIN = stroke(1.2f);
  static final Stroke MEDIUM = stroke(1.7f);
  static final Stroke THICK = stroke(2.2f);
  static final Stroke DASHED = dashed(2.2f, 8, 5);
  static final Stroke DOTTED = dashed(2.6f, 1, 5);

  private final XYSeriesCollection data = new XYSeriesCollection();
  private final XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);

  private static Stroke stroke(float width) {
    return new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  }

  private static Stroke dashed(float width, float dash, float gap) {
    float[] pattern = {dash, gap + width};
    return new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, pattern, 0);
  }

  /** Adds a curve, to the legend if it has a name; points that are not finite leave a gap. */
  void add(String name, double[] x, double[] y, Color colour, Stroke stroke, boolean dots) {
    int index = data.getSeriesCount();
    // Series need unique keys; runs and classes may share a name.
    XYSeries series = new XYSeries(index, false, true);
    series.setDescription(name);
    for (int i = 0; i < x.length; i++) {
      series.add(x[i], Double.isFinite(y[i]) ? y[i] : Double.NaN, false);
    }
    data.addSeries(series);
    renderer.setSeriesPaint(index, colour);
    renderer.setSeriesStroke(index, stroke);
    renderer.setSeriesShapesVisible(index, dots);
    renderer.setSeriesShape(index, new Ellipse2D.Double(-3, -3, 6, 6));
    renderer.setSeriesVisibleInLegend(index, name != null);
  }

  /** Makes the plot; plots may share a horizontal axis. */
  XYPlot plot(NumberAxis horizontal, NumberAxis vertical) {
    renderer.setLegendItemLabelGenerator((set, i) -> data.getSeries(i).getDescription());
    renderer.setDrawSeriesLineAsPath(true);
    XYPlot plot = new XYPlot(data, horizontal, vertical, renderer);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(Pictures.GRID);
    plot.setRangeGridlinePaint(Pictures.GRID);
    plot.setDomainGridlineStroke(THIN);
    plot.setRangeGridlineStroke(THIN);
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    return plot;
  }

  static NumberAxis axis(String label, String format) {
    NumberAxis axis = new NumberAxis(label);
    axis.setLabelFont(Pictures.bold(14));
    axis.setTickLabelFont(Pictures.font(13));
    axis.setLabelPaint(Pictures.INK);
    axis.setTickLabelPaint(Pictures.INK);
    axis.setAxisLinePaint(Pictures.FAINT);
    axis.setTickMarkPaint(Pictures.FAINT);
    axis.setAutoRangeIncludesZero(false);
    axis.setNumberFormatOverride(
        new DecimalFormat(format, DecimalFormatSymbols.getInstance(Locale.ROOT)));
    return axis;
  }

  /** Two plots with a common horizontal axis, whose legend is that of the upper one. */
  static JFreeChart chart(String title, NumberAxis horizontal, XYPlot upper, XYPlot lower) {
    CombinedDomainXYPlot both = new CombinedDomainXYPlot(horizontal);
    both.setGap(18);
    both.add(upper);
    lower.setFixedLegendItems(new LegendItemCollection());
    both.add(lower);
    return chart(title, both, RectangleEdge.BOTTOM);
  }

  static JFreeChart chart(String title, Plot plot, RectangleEdge legendPosition) {
    JFreeChart chart = new JFreeChart(title, Pictures.bold(16), plot, true);
    chart.setBackgroundPaint(Color.WHITE);
    chart.setAntiAlias(true);
    chart.setPadding(new RectangleInsets(10, 8, 8, 16));
    chart.getTitle().setPaint(Pictures.INK);
    chart.getTitle().setHorizontalAlignment(HorizontalAlignment.LEFT);
    chart.getTitle().setMargin(4, 12, 8, 4);
    LegendTitle legend = chart.getLegend();
    legend.setPosition(legendPosition);
    legend.setItemFont(Pictures.font(13));
    legend.setItemPaint(Pictures.INK);
    legend.setFrame(BlockBorder.NONE);
    legend.setItemLabelPadding(new RectangleInsets(2, 4, 2, 10));
    return chart;
  }
}
