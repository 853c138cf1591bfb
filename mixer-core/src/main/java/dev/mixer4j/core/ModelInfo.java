package dev.mixer4j.core;

import dev.mixer4j.core.image.ImageTransform;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The description of trained weights: class names, image transform and origin, as far as they are
 * known.
 *
 * <pre>{@code
 * ModelInfo info =
 *     ModelInfo.NONE
 *         .withClassNames(List.of("cat", "dog"))
 *         .withTransform(ImageTransform.squash(Interpolation.BILINEAR));
 * }</pre>
 *
 * @param classNames the names of the classes in the order of the logits; empty if not known
 * @param transform how images are resized and cropped; empty if not known
 * @param origin the file that the weights were made from; empty if not known
 */
public record ModelInfo(
    List<String> classNames, Optional<ImageTransform> transform, Optional<Origin> origin) {

  /** The names of ImageNet-21k's classes have 0.4 million. */
  private static final int MAX_CHARACTERS = 2_000_000;

  /** Nothing is known. */
  public static final ModelInfo NONE = new ModelInfo(List.of(), Optional.empty(), Optional.empty());

  /**
   * Copies the names.
   *
   * @param classNames in the order of the logits, or empty
   * @param transform or empty
   * @param origin or empty
   * @throws IllegalArgumentException if the names have more than 2 million characters in all, more
   *     than readers of weights take, or a name has characters that not all formats of weights
   *     keep: NUL, which ends a text in HDF5, or half of a surrogate pair, which UTF-8 has not
   */
  public ModelInfo {
    classNames = List.copyOf(classNames);
    long characters = classNames.stream().mapToLong(String::length).sum();
    if (characters > MAX_CHARACTERS) {
      throw new IllegalArgumentException(
          "class names: expected at most %d characters in all of them, found %d"
              .formatted(MAX_CHARACTERS, characters));
    }
    CharsetEncoder utf8 = StandardCharsets.UTF_8.newEncoder();
    for (int i = 0; i < classNames.size(); i++) {
      String name = classNames.get(i);
      if (name.indexOf('\0') >= 0 || !utf8.canEncode(name)) {
        throw new IllegalArgumentException(
            "the name of class %d: expected Unicode text without NUL, found '%s'"
                .formatted(i, name));
      }
    }
  }

  /**
   * {@return this with other class names}
   *
   * @param names in the order of the logits, or empty
   */
  public ModelInfo withClassNames(List<String> names) {
    return new ModelInfo(names, transform, origin);
  }

  /**
   * {@return this with another transform}
   *
   * @param other how images are resized and cropped
   */
  public ModelInfo withTransform(ImageTransform other) {
    return new ModelInfo(classNames, Optional.of(other), origin);
  }

  /**
   * {@return this with another origin}
   *
   * @param other the file that the weights were made from
   */
  public ModelInfo withOrigin(Origin other) {
    return new ModelInfo(classNames, transform, Optional.of(other));
  }

  /**
   * {@return the transform, or the network's default if it is not known}
   *
   * @param network that the weights are for
   */
  public ImageTransform transformOrDefault(Network network) {
    return transform.orElseGet(network::defaultTransform);
  }
}
