package dev.mixer4j.weights.command;

import dev.mixer4j.core.image.ImageInput;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options {@code --mean} and {@code --std}, which several commands share. */
public final class NormalizationOptions {

  @Option(
      names = "--mean",
      paramLabel = "R,G,B",
      converter = ChannelsConverter.class,
      description = "Mean of pixels scaled to [0, 1]; the weights' own unless given.")
  private List<Float> mean;

  @Option(
      names = "--std",
      paramLabel = "R,G,B",
      converter = StdConverter.class,
      description = "Standard deviation of pixels scaled to [0, 1]; the weights' own unless given.")
  private List<Float> std;

  /** The mean; null where it was not given, as is the standard deviation. */
  public List<Float> mean() {
    return mean;
  }

  public List<Float> std() {
    return std;
  }

  private static class ChannelsConverter implements ITypeConverter<List<Float>> {
    @Override
    public List<Float> convert(String text) {
      List<Float> values;
      try {
        values = ImageInput.parseChannels(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
      if (!values.stream().allMatch(Float::isFinite)) {
        throw new TypeConversionException("expected finite numbers, found '" + text + "'");
      }
      return values;
    }
  }

  private static final class StdConverter extends ChannelsConverter {
    @Override
    public List<Float> convert(String text) {
      List<Float> std = super.convert(text);
      if (!std.stream().allMatch(value -> value > 0)) {
        throw new TypeConversionException("expected numbers above 0, found '" + text + "'");
      }
      return std;
    }
  }
}
