package dev.mixer4j.weights.command;

import dev.mixer4j.weights.settings.Interval;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads options whose value is a number in a range. */
public final class NumberConverter {

  private NumberConverter() {}

  public static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return number(text, Integer::valueOf, Interval.parse("(0, inf)"), "a whole number above 0");
    }
  }

  /** Reads a share: 0 to below 1. */
  public static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return real(text, Interval.parse("[0, 1)"));
    }
  }

  /** Reads a whole number; a null interval allows any. */
  static long whole(String text, Interval range) {
    String expected = "a whole number" + (range == null ? "" : " " + range);
    return number(text, Long::valueOf, range, expected);
  }

  /** Reads a number; a null interval allows any. */
  static double real(String text, Interval range) {
    String expected = "a number" + (range == null ? "" : " " + range);
    return number(text, Double::valueOf, range, expected);
  }

  private static <N extends Number> N number(
      String text, Function<String, N> parse, Interval range, String expected) {
    try {
      N value = parse.apply(text);
      if (range == null || range.contains(value.doubleValue())) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the one message for all that does not fit.
    }
    throw new TypeConversionException("expected %s, found '%s'".formatted(expected, text));
  }
}
