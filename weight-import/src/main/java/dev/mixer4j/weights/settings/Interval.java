package dev.mixer4j.weights.settings;

import dev.mixer4j.core.Setting;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The range of a setting's numbers, such as {@code (0, 1]} or {@code [0, inf)}. Infinity and NaN
 * are never within it.
 */
public record Interval(double min, boolean withMin, double max, boolean withMax) {

  private static final Pattern TEXT =
      Pattern.compile("([(\\[])([0-9.e-]+), ([0-9.e-]+|inf)([)\\]])");

  /** Reads {@link Setting#range}. */
  public static Interval parse(String text) {
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("expected an interval, found '" + text + "'");
    }
    return new Interval(
        Double.parseDouble(parts.group(2)),
        parts.group(1).equals("["),
        Double.parseDouble(parts.group(3).replace("inf", "Infinity")),
        parts.group(4).equals("]"));
  }

  public boolean contains(double value) {
    return (withMin ? value >= min : value > min)
        && (withMax ? value <= max : value < max)
        && Double.isFinite(value);
  }

  /** In words, for messages: {@code above 0}, {@code 0 to below 1}. */
  @Override
  public String toString() {
    if (Double.isInfinite(max)) {
      return withMin ? plain(min) + " or more" : "above " + plain(min);
    }
    if (!withMin && !withMax) {
      return "between " + plain(min) + " and " + plain(max);
    }
    return (withMin ? plain(min) + " to " : "above " + plain(min) + ", up to ")
        + (withMax ? "" : "below ")
        + plain(max);
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
