package dev.mixer4j.core;

import org.tensorflow.ndarray.Shape;

/**
 * A float32 variable of a network.
 *
 * @param name unique in its network, with {@code /} between the layer and its part: {@code
 *     head/kernel}
 * @param shape in TensorFlow's layout: dense kernels are [in, out], convolution kernels [height,
 *     width, in, out]
 * @param initializer the values before training
 * @param trainable whether an optimizer updates it; batch norm's running averages are not trainable
 */
public record Variable(String name, Shape shape, Initializer initializer, boolean trainable) {

  /**
   * Declares a trainable variable.
   *
   * @param name unique in its network
   * @param shape in TensorFlow's layout
   * @param initializer the values before training
   */
  public Variable(String name, Shape shape, Initializer initializer) {
    this(name, shape, initializer, true);
  }

  /** {@return whether it is part of the head, the last layer} */
  public boolean isHead() {
    return name.startsWith(Network.HEAD);
  }
}
