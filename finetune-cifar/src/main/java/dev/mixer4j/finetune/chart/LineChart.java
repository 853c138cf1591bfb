package dev.mixer4j.finetune.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Stroke;
import java.awt.geom.Ellipse2D;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
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

/** Curves drawn by JFreeChart, for PNG files, in this project's style. */
public final class LineChart {

  private static final Stroke GRID_LINE = stroke(Curve.Style.THIN);

  private LineChart() {}

  private static Stroke stroke(Curve.Style style) {
    float[] pattern = style.dash == 0 ? null : new float[] {style.dash, style.gap + style.width};
    return new BasicStroke(
        style.width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, pattern, 0);
  }

  /** Makes a plot; plots may share a horizontal axis. The first curve is on top. */
  public static XYPlot plot(List<Curve> curves, NumberAxis horizontal, NumberAxis vertical) {
    XYSeriesCollection data = new XYSeriesCollection();
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
    for (Curve curve : curves) {
      int index = data.getSeriesCount();
      // Series need unique keys; runs and classes may share a name.
      XYSeries series = new XYSeries(index, false, true);
      for (int i = 0; i < curve.x().length; i++) {
        double y = curve.y()[i];
        series.add(curve.x()[i], Double.isFinite(y) ? y : Double.NaN, false);
      }
      data.addSeries(series);
      renderer.setSeriesPaint(index, curve.colour());
      renderer.setSeriesStroke(index, stroke(curve.style()));
      renderer.setSeriesShapesVisible(index, curve.marked());
      renderer.setSeriesShape(index, new Ellipse2D.Double(-3, -3, 6, 6));
      renderer.setSeriesVisibleInLegend(index, curve.name() != null);
    }
    renderer.setLegendItemLabelGenerator((set, i) -> curves.get(i).name());
    renderer.setDrawSeriesLineAsPath(true);
    XYPlot plot = new XYPlot(data, horizontal, vertical, renderer);
    plot.setBackgroundPaint(Color.WHITE);
    plot.setDomainGridlinePaint(Pictures.GRID);
    plot.setRangeGridlinePaint(Pictures.GRID);
    plot.setDomainGridlineStroke(GRID_LINE);
    plot.setRangeGridlineStroke(GRID_LINE);
    plot.setOutlineVisible(false);
    plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
    return plot;
  }

  public static NumberAxis axis(String label, Ticks ticks) {
    NumberAxis axis = new NumberAxis(label);
    axis.setLabelFont(Pictures.bold(14));
    axis.setTickLabelFont(Pictures.font(13));
    axis.setLabelPaint(Pictures.INK);
    axis.setTickLabelPaint(Pictures.INK);
    axis.setAxisLinePaint(Pictures.FAINT);
    axis.setTickMarkPaint(Pictures.FAINT);
    axis.setRange(ticks.low(), ticks.high());
    axis.setTickUnit(new NumberTickUnit(ticks.step(), ticks.format()));
    return axis;
  }

  /** Two plots with a common horizontal axis, whose legend is that of the upper one. */
  public static JFreeChart chart(String title, NumberAxis horizontal, XYPlot upper, XYPlot lower) {
    CombinedDomainXYPlot both = new CombinedDomainXYPlot(horizontal);
    both.setGap(18);
    both.add(upper);
    lower.setFixedLegendItems(new LegendItemCollection());
    both.add(lower);
    return chart(title, both, RectangleEdge.BOTTOM);
  }

  public static JFreeChart chart(String title, Plot plot, RectangleEdge legendPosition) {
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
