package dev.mixer4j.weights.command;

import dev.mixer4j.core.Rgb;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --mean} and {@code --std}, which several commands take. */
public final class NormalizationOptions {

  @Option(
      names = "--mean",
      paramLabel = "R,G,B",
      converter = RgbConverter.class,
      description = "Mean of pixels scaled to [0, 1]; the weights' own unless given.")
  private Rgb mean;

  @Option(
      names = "--std",
      paramLabel = "R,G,B",
      converter = StdConverter.class,
      description = "Standard deviation of pixels scaled to [0, 1]; the weights' own unless given.")
  private Rgb std;

  /** Made by picocli, which fills it. */
  public NormalizationOptions() {}

  /** {@return the mean, or null where it was not given} */
  public Rgb mean() {
    return mean;
  }

  /** {@return the standard deviation, or null where it was not given} */
  public Rgb std() {
    return std;
  }

  private static class RgbConverter implements ITypeConverter<Rgb> {
    @Override
    public Rgb convert(String text) {
      try {
        Rgb rgb = Rgb.parse(text);
        for (float value : rgb.toArray()) {
          if (!Float.isFinite(value)) {
            throw new TypeConversionException("expected finite numbers, found '" + text + "'");
          }
        }
        return rgb;
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  private static final class StdConverter extends RgbConverter {
    @Override
    public Rgb convert(String text) {
      Rgb std = super.convert(text);
      for (float value : std.toArray()) {
        if (!(value > 0)) {
          throw new TypeConversionException("expected numbers above 0, found '" + text + "'");
        }
      }
      return std;
    }
  }
}
