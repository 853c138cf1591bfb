package dev.mixer4j.finetune.chart;

import static dev.mixer4j.finetune.chart.Markup.escape;
import static dev.mixer4j.finetune.chart.Markup.format;

import java.util.List;
import java.util.stream.IntStream;

/** A confusion matrix as SVG inside a page: true classes down, predicted ones across. */
public final class SvgConfusionMatrix {

  /** More classes make a page that browsers are slow to show. */
  public static final int MOST_CLASSES = 200;

  private static final int SIDE = 640;
  private static final int NUMBERED_CLASSES = 20;
  private static final double MOST_EMS = 14;

  private SvgConfusionMatrix() {}

  /** Draws counts, [true class][predicted class]; the colour is the share of the row's images. */
  public static String draw(int[][] counts, List<String> names) {
    int classes = counts.length;
    double cell = Math.max(8, Math.min(64, (double) SIDE / classes));
    double font = Math.max(8, Math.min(14, cell * 0.95));
    double room =
        font * Math.min(MOST_EMS, names.stream().mapToDouble(Markup::ems).max().orElse(1) + 0.5);
    double left = room + 34;
    double side = cell * classes;
    StringBuilder svg =
        new StringBuilder(
            Markup.svg(
                left + side + 10,
                side + room + 50,
                "Confusion matrix of %d classes; the tables below have its numbers"
                    .formatted(classes)));
    svg.append(
        format(
            "<g transform=\"translate(%.1f 8)\" font-size=\"%.1f\"><rect class=\"empty\" width=\"%.1f\" height=\"%3$.1f\"/>%n",
            left, font, side));
    for (int row = 0; row < classes; row++) {
      int total = IntStream.of(counts[row]).sum();
      for (int column = 0; column < classes; column++) {
        int count = counts[row][column];
        if (count > 0) {
          cell(svg, row, column, cell, count, (double) count / total, classes, names);
        }
      }
    }
    for (int i = 0; i < classes; i++) {
      double middle = (i + 0.5) * cell + font * 0.35;
      String name = escape(Markup.fit(names.get(i), MOST_EMS));
      svg.append(format("<text x=\"-6\" y=\"%.1f\" text-anchor=\"end\">%s</text>", middle, name));
      svg.append(
          format(
              "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"end\">%s</text>%n",
              middle, side + 6, name));
    }
    svg.append(
        format(
            "<text class=\"label\" x=\"%.1f\" y=\"%.1f\" font-size=\"14\" text-anchor=\"middle\">predicted class</text>",
            side / 2, side + room + 30));
    svg.append(
        format(
            "<text class=\"label\" transform=\"translate(%.1f %.1f) rotate(-90)\" font-size=\"14\" text-anchor=\"middle\">true class</text>",
            -room - 16, side / 2));
    return svg.append("</g></svg>\n").toString();
  }

  private static void cell(
      StringBuilder svg,
      int row,
      int column,
      double cell,
      int count,
      double share,
      int classes,
      List<String> names) {
    svg.append(
        format(
            "<g><title>%s as %s: %d, %.1f%% of the row</title><rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\""
                + " height=\"%7$.1f\" fill=\"%s\"/>",
            escape(names.get(row)),
            escape(names.get(column)),
            count,
            100 * share,
            column * cell,
            row * cell,
            cell,
            Markup.colour(ConfusionMatrixPicture.colour(share))));
    if (classes <= NUMBERED_CLASSES) {
      int digits = Integer.toString(count).length();
      double size = Math.min(14, 1.55 * (cell - 4) / digits);
      svg.append(
          format(
              "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"middle\" class=\"%s\">%d</text>",
              (column + 0.5) * cell,
              (row + 0.5) * cell + size * 0.36,
              size,
              share > 0.5 ? "on-dark" : "on-light",
              count));
    }
    svg.append("</g>\n");
  }
}
