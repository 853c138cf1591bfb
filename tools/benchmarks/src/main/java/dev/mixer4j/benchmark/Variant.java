package dev.mixer4j.benchmark;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.network.Networks;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A preset.
 *
 * @param name such as {@code B/16} for a Mixer, {@code LeNet-5} for another
 * @param network as published, for images of its own size
 */
record Variant(String name, Network network) {

  /** Finds a variant by its name; throws {@link IllegalArgumentException} if there is none. */
  static Variant of(String name) {
    return Networks.preset("Mixer-" + name)
        .or(() -> Networks.preset(name))
        .map(network -> new Variant(name, network))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected a Mixer's variant such as B/16, or a preset such as LeNet-5, found "
                        + name));
  }

  boolean isMixer() {
    return network.family().equals("mixer");
  }

  /** The preset's full name. */
  String title() {
    return Networks.presetOf(network).orElseThrow();
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
