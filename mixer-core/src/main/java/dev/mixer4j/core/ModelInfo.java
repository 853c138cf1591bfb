package dev.mixer4j.core;

import dev.mixer4j.core.image.ImageTransform;
import java.util.List;
import java.util.Optional;

/**
 * Everything about trained weights beside the network and its values.
 *
 * @param classNames the names of the classes in the order of the logits; empty if not known
 * @param transform how images are resized and cropped; empty if not known
 * @param origin the file that the weights were made from; empty if not known
 */
public record ModelInfo(
    List<String> classNames, Optional<ImageTransform> transform, Optional<Origin> origin) {

  /** Nothing is known. */
  public static final ModelInfo NONE = new ModelInfo(List.of(), Optional.empty(), Optional.empty());

  /**
   * Copies the names.
   *
   * @param classNames in the order of the logits, or empty
   * @param transform or empty
   * @param origin or empty
   */
  public ModelInfo {
    classNames = List.copyOf(classNames);
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
