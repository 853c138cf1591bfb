package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Conv2d;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Flatten;
import dev.mixer4j.core.layer.Layer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The convolutional network LeNet-5 in the form of today's tutorials: two convolutions without
 * padding, each with ReLU and average pooling, then three dense layers. The original is LeCun et
 * al., Proceedings of the IEEE 86, 1998.
 *
 * <pre>{@code
 * Network network = new LeNet5(ImageInput.square(32, 3), 10); // for CIFAR-10
 * }</pre>
 *
 * @param input the images; at least 16 pixels high and wide
 * @param classes number of classes; 0 for no head
 */
public record LeNet5(ImageInput input, int classes) implements Network {

  private static final int KERNEL = 5;

  /**
   * Checks the numbers.
   *
   * @param input at least 16 pixels high and wide
   * @param classes 0 or more
   * @throws IllegalArgumentException if one is out of its range
   */
  public LeNet5 {
    Objects.requireNonNull(input, "input");
    Networks.check(
        pooledTwice(input.height()) > 0 && pooledTwice(input.width()) > 0,
        "LeNet-5 needs images of at least 16 x 16 pixels, found %d x %d",
        input.width(),
        input.height());
    Networks.classes(classes);
  }

  private static int pooledTwice(int side) {
    return ((side - KERNEL + 1) / 2 - KERNEL + 1) / 2;
  }

  @Override
  public String family() {
    return "lenet5";
  }

  @Override
  public int featureSize() {
    return 84;
  }

  private Conv2d conv1() {
    return Conv2d.torch("conv1", KERNEL, 0, input.channels(), 6);
  }

  private Conv2d conv2() {
    return Conv2d.torch("conv2", KERNEL, 0, 6, 16);
  }

  private Flatten flatten() {
    return new Flatten(16 * pooledTwice(input.height()) * pooledTwice(input.width()));
  }

  private Dense dense1() {
    return Dense.torch("dense1", flatten().size(), 120);
  }

  private Dense dense2() {
    return Dense.torch("dense2", 120, featureSize());
  }

  private Dense head() {
    return Dense.torch("head", featureSize(), classes);
  }

  @Override
  public List<Variable> variables() {
    return Layer.variables(Stream.of(conv1(), conv2(), dense1(), dense2(), head()));
  }

  /** The intermediate outputs are those of the two pooling layers. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    Operand<TFloat32> first = pool(tf, ReLU.relu(tf, conv1().apply(pass, images)));
    Operand<TFloat32> second = pool(tf, ReLU.relu(tf, conv2().apply(pass, first)));
    Operand<TFloat32> x = flatten().apply(pass, second);
    x = ReLU.relu(tf, dense1().apply(pass, x, pass.precision()));
    Operand<TFloat32> features = ReLU.relu(tf, dense2().apply(pass, x, pass.precision()));
    return new Outputs(List.of(first, second), features, head().apply(pass, features));
  }

  private static Operand<TFloat32> pool(Ops tf, Operand<TFloat32> x) {
    List<Long> two = List.of(1L, 2L, 2L, 1L);
    return tf.nn.avgPool(x, two, two, "VALID");
  }

  @Override
  public LeNet5 withClasses(int newClasses) {
    return new LeNet5(input, newClasses);
  }

  @Override
  public LeNet5 withInput(ImageInput newInput) {
    return new LeNet5(newInput, classes);
  }

  /** Reads the geometry off the shapes; the images are taken to be square. */
  static LeNet5 infer(Shapes shapes) {
    int inputs = shapes.size("dense1/kernel", 0, 2);
    int side = (int) Math.round(Math.sqrt(inputs / 16.0));
    Networks.check(
        16 * side * side == inputs,
        "dense1/kernel: expected 16 times a square number of inputs, found %d",
        inputs);
    int size = (side * 2 + KERNEL - 1) * 2 + KERNEL - 1;
    ImageInput input = ImageInput.square(size, shapes.size("conv1/kernel", 2, 4));
    return new LeNet5(input, shapes.classes());
  }

  /** For MNIST's images. */
  static Map<String, Network> presets() {
    return Map.of("LeNet-5", new LeNet5(ImageInput.square(28, 1), 10));
  }
}
