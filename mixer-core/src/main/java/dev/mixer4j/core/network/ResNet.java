package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.BatchNorm;
import dev.mixer4j.core.layer.Conv2d;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Flatten;
import dev.mixer4j.core.layer.Layer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A small residual network for MNIST, after github.com/ji2814/hello-MNIST: one residual block of
 * two convolutions with batch normalization (arXiv 1512.03385), a 1×1 convolution and a dense
 * layer. There is no ReLU after the sum.
 *
 * @param input the images; of one channel unless the shortcut is a convolution
 * @param classes number of classes; 0 for no head
 * @param shortcut how the input reaches the sum
 */
public record ResNet(
    ImageInput input,
    int classes,
    @Setting(value = "How the input reaches the sum: broadcast or conv.", label = "KIND")
        Shortcut shortcut)
    implements Network {

  private static final int WIDTH = 8;

  /** How the input of the residual block reaches the sum. */
  public enum Shortcut {
    /** The input's one channel is added to each of the 8. */
    BROADCAST,
    /** A 1×1 convolution makes 8 channels of the input's. */
    CONV;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks the numbers.
   *
   * @param input of one channel, or of any number if the shortcut is a convolution
   * @param classes 0 or more
   * @param shortcut not null
   * @throws IllegalArgumentException if one is out of its range
   */
  public ResNet {
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(shortcut, "shortcut");
    Networks.check(
        shortcut == Shortcut.CONV || input.channels() == 1,
        "a ResNet with shortcut broadcast takes images of 1 channel, found %d; with shortcut conv"
            + " it takes any",
        input.channels());
    Networks.classes(classes);
  }

  @Override
  public String family() {
    return "resnet";
  }

  @Override
  public int featureSize() {
    return Math.multiplyExact(input.height(), input.width());
  }

  private Conv2d conv1() {
    return Conv2d.torch("conv1", 3, 1, input.channels(), WIDTH);
  }

  private Conv2d conv2() {
    return Conv2d.torch("conv2", 3, 1, WIDTH, WIDTH);
  }

  private Stream<Conv2d> shortcutConv() {
    return shortcut == Shortcut.CONV
        ? Stream.of(Conv2d.torch("shortcut", 1, 0, input.channels(), WIDTH))
        : Stream.of();
  }

  private Conv2d merge() {
    return Conv2d.torch("merge", 1, 0, WIDTH, 1);
  }

  private static BatchNorm norm(int number) {
    return new BatchNorm("norm" + number, WIDTH);
  }

  private Dense head() {
    return Dense.torch("head", featureSize(), classes);
  }

  @Override
  public List<Variable> variables() {
    Stream<Layer> first = Stream.of(conv1(), norm(1), conv2(), norm(2));
    Stream<Layer> last = Stream.of(merge(), head());
    return Layer.variables(Stream.concat(Stream.concat(first, shortcutConv()), last));
  }

  /** The intermediate output is the sum, [batch, height, width, 8]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    Operand<TFloat32> x = ReLU.relu(tf, norm(1).apply(pass, conv1().apply(pass, images)));
    x = norm(2).apply(pass, conv2().apply(pass, x));
    Operand<TFloat32> straight =
        shortcutConv().findFirst().map(conv -> conv.apply(pass, images)).orElse(images);
    Operand<TFloat32> sum = tf.math.add(x, straight);
    Operand<TFloat32> features = new Flatten(featureSize()).apply(pass, merge().apply(pass, sum));
    return new Outputs(List.of(sum), features, head().apply(pass, features));
  }

  @Override
  public ResNet withClasses(int newClasses) {
    return new ResNet(input, newClasses, shortcut);
  }

  @Override
  public ResNet withInput(ImageInput newInput) {
    return new ResNet(newInput, classes, shortcut);
  }

  /** Reads the geometry off the shapes; without a head, the images are taken to be MNIST's. */
  static ResNet infer(Shapes shapes) {
    int pixels = shapes.classes() == 0 ? 28 * 28 : shapes.size("head/kernel", 0, 2);
    int size = (int) Math.round(Math.sqrt(pixels));
    Networks.check(
        size * size == pixels,
        "head/kernel: expected a square number of inputs, found %d; only square images are read",
        pixels);
    return new ResNet(
        ImageInput.square(size, shapes.size("conv1/kernel", 2, 4)),
        shapes.classes(),
        shapes.has("shortcut/kernel") ? Shortcut.CONV : Shortcut.BROADCAST);
  }

  /** For MNIST's images. */
  static Map<String, Network> presets() {
    return Map.of("ResNet", new ResNet(ImageInput.square(28, 1), 10, Shortcut.BROADCAST));
  }
}
