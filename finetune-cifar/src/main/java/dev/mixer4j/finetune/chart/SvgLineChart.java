package dev.mixer4j.finetune.chart;

import static dev.mixer4j.finetune.chart.Markup.colour;
import static dev.mixer4j.finetune.chart.Markup.escape;
import static dev.mixer4j.finetune.chart.Markup.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Curves as SVG inside a page, in the page's own fonts and, except for the curves, colours.
 *
 * @param alternative text for readers who cannot see the chart
 */
public record SvgLineChart(
    String alternative, String xLabel, String yLabel, Ticks x, Ticks y, List<Curve> curves) {

  private static final int LEFT = 78;
  private static final int TOP = 10;
  private static final int BOTTOM = 46;
  private static final int RIGHT = 16;

  /** More points look the same. */
  private static final int MOST_POINTS = 1000;

  /** Draws the chart; the first curve is on top. */
  public String draw(int width, int height) {
    StringBuilder svg = new StringBuilder(Markup.svg(width, height, alternative));
    double w = width - LEFT - RIGHT;
    double h = height - TOP - BOTTOM;
    svg.append(format("<g transform=\"translate(%d %d)\">%n", LEFT, TOP));
    for (double tick : x.values()) {
      double at = at(x, tick) * w;
      svg.append(format("<path class=\"grid\" d=\"M%.1f 0V%.1f\"/>", at, h));
      svg.append(text(at, h + 18, "middle", x.format().format(tick)));
    }
    for (double tick : y.values()) {
      double at = h - at(y, tick) * h;
      svg.append(format("<path class=\"grid\" d=\"M0 %.1fH%.1f\"/>", at, w));
      svg.append(text(-8, at + 4.5, "end", y.format().format(tick)));
    }
    svg.append(format("<path class=\"axis\" d=\"M0 0V%.1fH%.1f\"/>%n", h, w));
    svg.append(text(w / 2, h + 40, "middle", xLabel).replace("<text", "<text class=\"label\""));
    svg.append(format("<g transform=\"translate(-62 %.1f) rotate(-90)\">", h / 2));
    svg.append(text(0, 0, "middle", yLabel).replace("<text", "<text class=\"label\""));
    svg.append("</g>\n");
    List<Curve> last = new ArrayList<>(curves);
    Collections.reverse(last);
    last.forEach(curve -> draw(svg, curve, w, h));
    return svg.append("</g></svg>\n").toString();
  }

  private static double at(Ticks axis, double value) {
    return (value - axis.low()) / (axis.high() - axis.low());
  }

  private static String text(double x, double y, String anchor, String text) {
    return format(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n", x, y, anchor, escape(text));
  }

  private void draw(StringBuilder svg, Curve curve, double w, double h) {
    StringBuilder path = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    int points = curve.x().length;
    int every = (points + MOST_POINTS - 1) / MOST_POINTS;
    boolean gap = true;
    for (int i = 0; i < points; i += i < points - every ? every : Math.max(1, points - 1 - i)) {
      if (!Double.isFinite(curve.y()[i])) {
        gap = true;
        continue;
      }
      double px = at(x, curve.x()[i]) * w;
      double py = h - at(y, curve.y()[i]) * h;
      path.append(format("%s%.1f %.1f", gap ? "M" : "L", px, py));
      gap = false;
      if (curve.marked()) {
        dots.append(format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.2\"/>", px, py));
      }
    }
    svg.append(
        format(
            "<g fill=\"%s\"><path %s d=\"%s\"/>%s",
            colour(curve.colour()), line(curve), path, dots));
    if (curve.name() != null) {
      svg.append("<title>").append(escape(curve.name())).append("</title>");
    }
    svg.append("</g>\n");
  }

  private static String line(Curve curve) {
    Curve.Style style = curve.style();
    String dash =
        style.dash == 0
            ? ""
            : format(" stroke-dasharray=\"%.1f %.1f\"", style.dash, style.gap + style.width);
    return format(
        "class=\"curve\" stroke=\"%s\" stroke-width=\"%.1f\"%s",
        colour(curve.colour()), style.width, dash);
  }

  /** The names of curves with samples of their lines. */
  public static String legend(List<Curve> curves) {
    StringBuilder list = new StringBuilder("<ul class=\"legend\">\n");
    for (Curve curve : curves) {
      if (curve.name() != null) {
        String dot = curve.marked() ? "<circle cx=\"15\" cy=\"6\" r=\"3.2\"/>" : "";
        list.append(
            format(
                "<li><svg viewBox=\"0 0 30 12\" width=\"30\" aria-hidden=\"true\" fill=\"%s\"><path %s d=\"M1"
                    + " 6H29\"/>%s</svg>%s</li>%n",
                colour(curve.colour()), line(curve), dot, escape(curve.name())));
      }
    }
    return list.append("</ul>\n").toString();
  }
}
