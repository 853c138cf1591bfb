package dev.mixer4j.finetune.chart;

import java.awt.Color;
import java.util.Locale;

/** Texts and numbers in HTML and SVG. */
public final class Markup {

  private Markup() {}

  /** A text from outside, in content or in a quoted attribute. */
  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;")
        .replaceAll("[\\p{Cntrl}&&[^\n\t]]", "\uFFFD");
  }

  static String colour(Color colour) {
    return "#%06x".formatted(colour.getRGB() & 0xffffff);
  }

  /** Formats a template with numbers as SVG reads them. */
  static String format(String template, Object... arguments) {
    return String.format(Locale.ROOT, template, arguments);
  }

  /** The start of a picture with an alternative text. */
  static String svg(double width, double height, String alternative) {
    return format(
        "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" width=\"%1$.0f\" aria-label=\"%3$s\">%n",
        width, height, escape(alternative));
  }

  /** The width of a text in ems, about: the browser's fonts are not known here. */
  static double ems(String text) {
    return text.codePoints().mapToDouble(c -> c >= 0x1100 ? 1 : 0.56).sum();
  }

  /** The text, or its longest start that fits with an ellipsis. */
  static String fit(String text, double ems) {
    if (ems(text) <= ems) {
      return text;
    }
    int end = text.length();
    while (end > 0 && ems(text.substring(0, end)) > ems - 1) {
      end = text.offsetByCodePoints(end, -1);
    }
    return text.substring(0, end) + "…";
  }
}
