package dev.mixer4j.weights.command;

import dev.mixer4j.weights.download.Mirror;
import java.net.URI;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts an option's value to a mirror's address. */
public final class MirrorConverter implements ITypeConverter<Mirror> {

  @Override
  public Mirror convert(String text) {
    try {
      return new Mirror(URI.create(text));
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
