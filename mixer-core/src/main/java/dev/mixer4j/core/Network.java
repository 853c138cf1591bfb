package dev.mixer4j.core;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * An image classification network: its settings, its variables and its operations, without values.
 *
 * <pre>{@code
 * Network network = Networks.preset("Mixer-B/16").orElseThrow().withClasses(10);
 * long parameters = network.parameterCount();
 * Variables variables = new Variables(tf, network);
 * Outputs outputs = network.apply(Pass.inference(tf, variables::value), images);
 * }</pre>
 *
 * <p>Implementations are immutable records, one for each family, in {@code
 * dev.mixer4j.core.network}. Their components are the settings that define a network.
 */
public interface Network {

  /** The start of the names of the head's variables, in every network. */
  String HEAD = "head/";

  /** {@return the name of the family, such as {@code mixer}} */
  String family();

  /** {@return the images that the network takes} */
  ImageInput input();

  /**
   * {@return the number of classes; 0 for a network without a head, whose logits are its features}
   */
  int classes();

  /** {@return the number of features of an image, which the head classifies} */
  int featureSize();

  /** {@return all variables, trainable or not, in the network's order} */
  List<Variable> variables();

  /**
   * {@return the network's outputs, after adding its operations to a graph}
   *
   * @param pass the graph, the variables' values, and the mode: training or inference
   * @param images normalized, [batch, height, width, channels] float32
   */
  Outputs apply(Pass pass, Operand<TFloat32> images);

  /**
   * {@return this network with another number of classes}
   *
   * @param classes of the head; 0 for no head
   * @throws IllegalArgumentException if it is below 0
   */
  Network withClasses(int classes);

  /**
   * {@return this network for other images}
   *
   * @param input their size, channels and normalization
   * @throws IllegalArgumentException if the network does not work on such images
   */
  Network withInput(ImageInput input);

  /** {@return the transform for weights whose own is not known; by default the whole image} */
  default ImageTransform defaultTransform() {
    return ImageTransform.squash(Interpolation.BILINEAR);
  }

  /** {@return the shape of each variable by name, in the network's order} */
  default Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    variables().forEach(variable -> shapes.put(variable.name(), variable.shape()));
    return Collections.unmodifiableMap(shapes);
  }

  /** {@return the number of trainable parameters, including the head's} */
  default long parameterCount() {
    return variables().stream()
        .filter(Variable::trainable)
        .mapToLong(variable -> variable.shape().size())
        .sum();
  }
}
