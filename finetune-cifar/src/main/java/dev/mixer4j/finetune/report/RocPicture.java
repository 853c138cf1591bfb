package dev.mixer4j.finetune.report;

import java.awt.Color;
import java.awt.Stroke;
import java.awt.image.BufferedImage;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleEdge;

/** Draws ROC curves with their areas; of many classes only those with the smallest areas. */
final class RocPicture {

  private static final int WIDTH = 960;
  private static final int HEIGHT = 640;
  private static final int ALL_CLASSES = 20;
  private static final int WORST = 5;
  private static final int MAX_NAME = 22;
  private static final Color MACRO = new Color(0xd81b60);

  private RocPicture() {}

  static BufferedImage draw(RocCurves roc, List<String> names) {
    LineChart chart = new LineChart();
    add(chart, "micro average", roc.micro(), Pictures.INK, LineChart.DASHED);
    add(chart, "macro average", roc.macro(), MACRO, LineChart.DOTTED);
    List<Integer> shown = shown(roc);
    for (int i = 0; i < shown.size(); i++) {
      int c = shown.get(i);
      // The colours repeat, so the second ten are dashed.
      Stroke stroke = i < 10 ? LineChart.MEDIUM : LineChart.DASHED;
      add(chart, names.get(c), roc.classes().get(c), Pictures.series(i), stroke);
    }
    double[] ends = {0, 1};
    chart.add(null, ends, ends, Pictures.FAINT, LineChart.THIN, false); // chance
    XYPlot plot = chart.plot(axis("false positive rate"), axis("true positive rate"));
    String title =
        roc.classes().size() <= ALL_CLASSES
            ? "ROC, each class against the others"
            : "ROC, the %d of %d classes with the smallest areas"
                .formatted(shown.size(), roc.classes().size());
    JFreeChart picture = LineChart.chart(title, plot, RectangleEdge.RIGHT);
    return picture.createBufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB, null);
  }

  private static List<Integer> shown(RocCurves roc) {
    List<RocCurve> all = roc.classes();
    Stream<Integer> defined =
        IntStream.range(0, all.size()).filter(c -> all.get(c).isDefined()).boxed();
    if (all.size() > ALL_CLASSES) {
      defined = defined.sorted(Comparator.comparingDouble(c -> all.get(c).auc())).limit(WORST);
    }
    return defined.toList();
  }

  private static void add(
      LineChart chart, String name, RocCurve curve, Color colour, Stroke stroke) {
    if (curve.isDefined()) {
      String shortName = name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME - 1) + "…";
      RocCurve thinned = curve.thinned();
      chart.add(
          String.format(Locale.ROOT, "%s  AUC %.4f", shortName, curve.auc()),
          thinned.falsePositiveRate(),
          thinned.truePositiveRate(),
          colour,
          stroke,
          false);
    }
  }

  private static NumberAxis axis(String label) {
    NumberAxis axis = LineChart.axis(label, "0.0");
    axis.setRange(-0.01, 1.01);
    axis.setTickUnit(new NumberTickUnit(0.2));
    return axis;
  }
}
