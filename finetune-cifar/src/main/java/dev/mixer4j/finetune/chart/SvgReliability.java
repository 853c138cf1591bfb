package dev.mixer4j.finetune.chart;

import static dev.mixer4j.finetune.chart.Markup.format;

import java.util.List;

/** A reliability diagram as SVG inside a page: accuracy of the images of each confidence. */
public final class SvgReliability {

  /**
   * The images whose confidence is at least {@code low} and below {@code high}.
   *
   * @param confidence their mean
   * @param accuracy their share of correct predictions
   */
  public record Bar(double low, double high, int images, double confidence, double accuracy) {}

  private static final int SIDE = 360;

  private SvgReliability() {}

  public static String draw(List<Bar> bars, String alternative) {
    StringBuilder svg = new StringBuilder(Markup.svg(SIDE + 220, SIDE + 60, alternative));
    svg.append("<g transform=\"translate(70 8)\">\n");
    for (int i = 0; i <= 5; i++) {
      double at = SIDE * i / 5.0;
      svg.append(
          format(
              "<path class=\"grid\" d=\"M%.1f 0V%d\"/><path class=\"grid\" d=\"M0 %1$.1fH%2$d\"/>"
                  + "<text x=\"%1$.1f\" y=\"%d\" text-anchor=\"middle\">%d%%</text>"
                  + "<text x=\"-8\" y=\"%.1f\" text-anchor=\"end\">%4$d%%</text>%n",
              at, SIDE, SIDE + 18, 20 * i, SIDE - at + 4.5));
    }
    for (Bar bar : bars) {
      if (bar.images > 0) {
        svg.append(
            format(
                "<g><title>confidence %.0f%% to %.0f%%: %,d images, accuracy %.1f%%, mean confidence %.1f%%</title>"
                    + "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
                    + "<path class=\"mean\" d=\"M%.1f %.1fh%.1f\"/></g>%n",
                100 * bar.low,
                100 * bar.high,
                bar.images,
                100 * bar.accuracy,
                100 * bar.confidence,
                SIDE * bar.low + 1,
                SIDE * (1 - bar.accuracy),
                SIDE * (bar.high - bar.low) - 2,
                SIDE * bar.accuracy,
                SIDE * bar.low + 1,
                SIDE * (1 - bar.confidence),
                SIDE * (bar.high - bar.low) - 2));
      }
    }
    svg.append(format("<path class=\"ideal\" d=\"M0 %d L%1$d 0\"/>%n", SIDE));
    svg.append(format("<path class=\"axis\" d=\"M0 0V%dH%1$d\"/>%n", SIDE));
    svg.append(
        format(
            "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">confidence</text>"
                + "<text class=\"label\" transform=\"translate(-52 %1$d) rotate(-90)\" text-anchor=\"middle\">accuracy</text>%n",
            SIDE / 2, SIDE + 40));
    return svg.append("</g></svg>\n").toString();
  }
}
