package dev.mixer4j.finetune.report;

import dev.mixer4j.finetune.chart.Curve;
import dev.mixer4j.finetune.chart.LineChart;
import dev.mixer4j.finetune.chart.Pictures;
import dev.mixer4j.finetune.chart.SvgLineChart;
import dev.mixer4j.finetune.chart.Ticks;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleEdge;

/** ROC curves with their areas; of many classes only those with the smallest areas. */
record RocChart(RocCurves roc, List<String> names) {

  private static final int WIDTH = 960;
  private static final int HEIGHT = 640;
  private static final int ALL_CLASSES = 20;
  private static final int WORST = 5;
  private static final int MAX_NAME = 22;
  private static final Color MICRO = new Color(0x7b8794);
  private static final Color MACRO = new Color(0xd81b60);
  private static final Ticks RATES = new Ticks(-0.01, 1.01, 0.2, false);
  private static final String X_LABEL = "false positive rate";
  private static final String Y_LABEL = "true positive rate";

  String title() {
    int classes = names.size();
    return classes <= ALL_CLASSES
        ? "ROC, each class against the others"
        : "ROC, the %d of %d classes with the smallest areas"
            .formatted(Math.min(WORST, classes), classes);
  }

  BufferedImage png() {
    XYPlot plot =
        LineChart.plot(curves(), LineChart.axis(X_LABEL, RATES), LineChart.axis(Y_LABEL, RATES));
    return LineChart.chart(title(), plot, RectangleEdge.RIGHT)
        .createBufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB, null);
  }

  String svg() {
    List<Curve> curves = curves();
    String alternative =
        String.format(
            Locale.ROOT,
            "ROC curves; the mean area under them is %.4f, the classes' areas are in the table",
            roc.meanAuc());
    return SvgLineChart.legend(curves)
        + new SvgLineChart(alternative, X_LABEL, Y_LABEL, RATES, RATES, curves).draw(640, 560);
  }

  private List<Curve> curves() {
    List<Curve> curves = new ArrayList<>();
    add(curves, "micro average", roc.micro(), roc.micro().auc(), MICRO, Curve.Style.DASHED);
    // The mean of the areas, as in the table; that of the mean curve differs in the last digits.
    add(curves, "macro average", roc.macro(), roc.meanAuc(), MACRO, Curve.Style.DOTTED);
    List<Integer> shown = shown();
    for (int i = 0; i < shown.size(); i++) {
      RocCurve curve = roc.classes().get(shown.get(i));
      add(curves, names.get(shown.get(i)), curve, curve.auc(), Pictures.series(i), Curve.style(i));
    }
    double[] ends = {0, 1};
    curves.add(new Curve("chance", ends, ends, Pictures.FAINT, Curve.Style.THIN, false));
    return curves;
  }

  private List<Integer> shown() {
    List<RocCurve> all = roc.classes();
    Stream<Integer> defined =
        IntStream.range(0, all.size()).filter(c -> all.get(c).isDefined()).boxed();
    if (all.size() > ALL_CLASSES) {
      defined = defined.sorted(Comparator.comparingDouble(c -> all.get(c).auc())).limit(WORST);
    }
    return defined.toList();
  }

  private static void add(
      List<Curve> curves,
      String name,
      RocCurve curve,
      double area,
      Color colour,
      Curve.Style style) {
    if (curve.isDefined()) {
      String shortName = name.length() <= MAX_NAME ? name : name.substring(0, MAX_NAME - 1) + "…";
      RocCurve thinned = curve.thinned();
      curves.add(
          new Curve(
              String.format(Locale.ROOT, "%s  AUC %.4f", shortName, area),
              thinned.falsePositiveRate(),
              thinned.truePositiveRate(),
              colour,
              style,
              false));
    }
  }
}
