package dev.mixer4j.finetune;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Options whose value must be above zero. */
final class Positive {

  private Positive() {}

  /** A whole number. */
  static final class Whole implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      try {
        int value = Integer.parseInt(text);
        if (value > 0) {
          return value;
        }
      } catch (NumberFormatException e) {
        // Falls through to the one message for all that does not fit.
      }
      throw new TypeConversionException("expected a whole number above 0, found '" + text + "'");
    }
  }

  /** A number of any kind. */
  static final class Real implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      try {
        double value = Double.parseDouble(text);
        if (value > 0 && Double.isFinite(value)) {
          return value;
        }
      } catch (NumberFormatException e) {
        // As above.
      }
      throw new TypeConversionException("expected a number above 0, found '" + text + "'");
    }
  }

  /** A share of something, not all of it. */
  static final class Fraction implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      try {
        double value = Double.parseDouble(text);
        if (value >= 0 && value < 1) {
          return value;
        }
      } catch (NumberFormatException e) {
        // As above.
      }
      throw new TypeConversionException(
          "expected a number of at least 0 and below 1, found '" + text + "'");
    }
  }
}
