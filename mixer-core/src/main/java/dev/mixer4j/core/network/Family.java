package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import java.util.Map;
import java.util.function.Function;

/**
 * A family of networks: its name, its record, its presets, and how its geometry follows from the
 * shapes of its variables.
 *
 * <pre>{@code
 * Family mixer = Networks.family("mixer").orElseThrow();
 * Network b16 = mixer.presets().get("Mixer-B/16");
 * Network same = mixer.infer(new Shapes(b16.shapes()));
 * }</pre>
 *
 * @param name as in {@link Network#family}
 * @param type the record of its networks, whose components are their settings
 * @param presets the published geometries by name; the first one is the family's default
 * @param inference reads a network off the shapes of its variables; throws {@link
 *     IllegalArgumentException} if they make up no network of this family
 */
public record Family(
    String name,
    Class<? extends Network> type,
    Map<String, Network> presets,
    Function<Shapes, Network> inference) {

  /**
   * {@return the network whose variables have these shapes} Settings that no shape depends on have
   * their defaults.
   *
   * @param shapes of a file's tensors, under the names of the variables
   * @throws IllegalArgumentException if they make up no network of this family
   */
  public Network infer(Shapes shapes) {
    try {
      return inference.apply(shapes);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("the sizes are too large: " + e.getMessage(), e);
    }
  }
}
