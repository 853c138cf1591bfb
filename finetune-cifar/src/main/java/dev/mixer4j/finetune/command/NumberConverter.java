package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.settings.Interval;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads options whose value is a number in a range. */
final class NumberConverter {

  private NumberConverter() {}

  /** Reads a whole number above 0. */
  static final class Positive implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return Math.toIntExact(whole(text, Interval.parse("(0, 2147483647]"), "above 0"));
    }
  }

  /** Reads a share: 0 to below 1. */
  static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return real(text, Interval.parse("[0, 1)"));
    }
  }

  /** Reads a whole number; a null interval allows any. */
  static long whole(String text, Interval range) {
    return whole(text, range, range == null ? "" : range.toString());
  }

  private static long whole(String text, Interval range, String expected) {
    try {
      long value = Long.parseLong(text);
      if (range == null || range.contains(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Falls through to the one message for all that does not fit.
    }
    throw error("a whole number", expected, text);
  }

  /** Reads a number; a null interval allows any. */
  static double real(String text, Interval range) {
    try {
      double value = Double.parseDouble(text);
      if (range == null || range.contains(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // As above.
    }
    throw error("a number", range == null ? "" : range.toString(), text);
  }

  private static TypeConversionException error(String kind, String range, String text) {
    return new TypeConversionException(
        "expected %s%s, found '%s'".formatted(kind, range.isEmpty() ? "" : " " + range, text));
  }
}
