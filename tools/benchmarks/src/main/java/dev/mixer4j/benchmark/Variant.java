package dev.mixer4j.benchmark;

import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A Mixer of the paper's table 1.
 *
 * @param name such as {@code B/16}
 * @param network with 1000 classes, for images of 224 pixels
 */
record Variant(String name, Mixer network) {

  /** Finds a variant by its name; throws {@link IllegalArgumentException} if there is none. */
  static Variant of(String name) {
    return Networks.preset("Mixer-" + name)
        .map(network -> new Variant(name, (Mixer) network))
        .orElseThrow(
            () -> new IllegalArgumentException("expected a variant such as B/16, found " + name));
  }

  @Override
  public String toString() {
    return name;
  }

  /** Reads the option {@code --variant}. */
  static final class Converter implements ITypeConverter<Variant> {
    @Override
    public Variant convert(String name) {
      try {
        return of(name);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
