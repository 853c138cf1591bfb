package dev.mixer4j.finetune.chart;

import java.awt.Color;

/**
 * A curve of a chart. Points that are not finite leave a gap.
 *
 * @param name in the legend; null for none
 * @param dots whether each point is marked
 */
public record Curve(String name, double[] x, double[] y, Color colour, Style style, boolean dots) {

  /** How the line is drawn; dash and gap in pixels, 0 for a solid line. */
  public enum Style {
    THIN(1.2f, 0, 0),
    MEDIUM(1.7f, 0, 0),
    THICK(2.2f, 0, 0),
    DASHED(2.2f, 8, 5),
    DOTTED(2.6f, 1, 5);

    final float width;
    final float dash;
    final float gap;

    Style(float width, float dash, float gap) {
      this.width = width;
      this.dash = dash;
      this.gap = gap;
    }
  }

  /** A single point has no line to be seen. */
  boolean marked() {
    return dots || x.length == 1;
  }

  /** The style of the curve of this index among several, which tells it apart with its colour. */
  public static Style style(int index) {
    return switch (index / 5 % 3) {
      case 0 -> Style.THICK;
      case 1 -> Style.DASHED;
      default -> Style.DOTTED;
    };
  }
}
