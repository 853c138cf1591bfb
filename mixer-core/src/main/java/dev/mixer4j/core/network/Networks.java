package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The registry of network families and their presets.
 *
 * <pre>{@code
 * Network network = Networks.preset("mixer-b16").orElseThrow();   // or "Mixer-B/16"
 * List<String> names = Networks.presetNames();
 * Optional<String> name = Networks.presetOf(network.withClasses(10)); // Mixer-B/16
 * }</pre>
 */
public final class Networks {

  private static final int MAX_LAYERS = 10_000;

  /** Every family, in the order in which commands show them. */
  public static final List<Family> FAMILIES =
      List.of(
          new Family("mixer", Mixer.class, Mixer.presets(), Mixer::infer),
          new Family("lenet5", LeNet5.class, LeNet5.presets(), LeNet5::infer),
          new Family("resnet", ResNet.class, ResNet.presets(), ResNet::infer),
          new Family(
              "mlp",
              MultilayerPerceptron.class,
              MultilayerPerceptron.presets(),
              MultilayerPerceptron::infer),
          new Family("gru", Gru.class, Gru.presets(), Gru::infer),
          new Family(
              "vit",
              VisionTransformer.class,
              VisionTransformer.presets(),
              VisionTransformer::infer),
          new Family("resmlp", ResMlp.class, ResMlp.presets(), ResMlp::infer),
          new Family(
              "vip", VisionPermutator.class, VisionPermutator.presets(), VisionPermutator::infer));

  private Networks() {}

  /**
   * {@return the family of a name; empty if there is none}
   *
   * @param name as in {@link Network#family}
   */
  public static Optional<Family> family(String name) {
    return FAMILIES.stream().filter(family -> family.name().equals(name)).findFirst();
  }

  /**
   * {@return the preset of a name; empty if there is none}
   *
   * @param name of a preset, such as {@code Mixer-B/16}; only its letters and digits count, in any
   *     case
   */
  public static Optional<Network> preset(String name) {
    return presets()
        .filter(preset -> plain(preset.getKey()).equals(plain(name)))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /**
   * {@return the name of the preset that has a network's geometry; empty if none has} The number of
   * classes, the image size and settings that no variable's shape depends on do not count.
   *
   * @param network of any family
   */
  public static Optional<String> presetOf(Network network) {
    return presets()
        .filter(preset -> hasGeometryOf(preset.getValue(), network))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private static boolean hasGeometryOf(Network preset, Network network) {
    try {
      return preset.family().equals(network.family())
          && preset
              .withInput(network.input())
              .withClasses(network.classes())
              .shapes()
              .equals(network.shapes());
    } catch (IllegalArgumentException e) { // the preset does not work on such images
      return false;
    }
  }

  /** {@return the names of all presets} */
  public static List<String> presetNames() {
    return presets().map(Map.Entry::getKey).toList();
  }

  private static Stream<Map.Entry<String, Network>> presets() {
    return FAMILIES.stream().flatMap(family -> family.presets().entrySet().stream());
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  static void positive(String name, int value) {
    check(value > 0, "%s must be above 0, found %d", name, value);
  }

  /**
   * Checks a number of layers: those of 2 billion would fill the memory before a tensor misfits.
   */
  static void layers(String name, int value) {
    check(
        value > 0 && value <= MAX_LAYERS, "%s must be 1 to %d, found %d", name, MAX_LAYERS, value);
  }

  /** Checks what is added to a variance; NaN is neither above 0 nor at most 1. */
  static void epsilon(String name, float value) {
    check(value > 0 && value <= 1, "%s must be above 0 and at most 1, found %s", name, value);
  }

  static void classes(int classes) {
    check(classes >= 0, "classes must be 0 or more, found %d", classes);
  }

  /** Checks that square images can be cut into patches. */
  static void patches(ImageInput input, int patchSize) {
    positive("patch_size", patchSize);
    check(
        input.size() % patchSize == 0,
        "image size %d is not a multiple of patch_size %d",
        input.size(),
        patchSize);
  }

  static void check(boolean condition, String message, Object... details) {
    if (!condition) {
      throw new IllegalArgumentException(message.formatted(details));
    }
  }
}
