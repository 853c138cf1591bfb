package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Initializer.TorchUniform;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A 2-D convolution with square kernels: [batch, height, width, in] to [batch, height', width',
 * out].
 *
 * @param name start of the variables' names
 * @param size height and width of the kernel
 * @param stride of the kernel along both axes
 * @param padding rows and columns of zeros on each side
 * @param in channels of an input
 * @param out channels of an output
 * @param kernel initial values of the kernel, [size, size, in, out]
 * @param bias initial values of the bias, [out]
 */
public record Conv2d(
    String name,
    int size,
    int stride,
    int padding,
    int in,
    int out,
    Initializer kernel,
    Initializer bias)
    implements Layer {

  /**
   * {@return a convolution of stride 1 with PyTorch's default initial values}
   *
   * @param name start of the variables' names
   * @param size height and width of the kernel
   * @param padding rows and columns of zeros on each side
   * @param in channels of an input
   * @param out channels of an output
   */
  public static Conv2d torch(String name, int size, int padding, int in, int out) {
    long fanIn = (long) size * size * in;
    return new Conv2d(
        name, size, 1, padding, in, out, TorchUniform.weight(fanIn), TorchUniform.bias(fanIn));
  }

  @Override
  public List<Variable> variables() {
    return List.of(
        new Variable(name + "/kernel", Shape.of(size, size, in, out), kernel),
        new Variable(name + "/bias", Shape.of(out), bias));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf();
    // Not by conv2d's own explicit padding, whose gradient TensorFlow-Java cannot compute; and
    // "SAME" with a stride pads other sides than PyTorch.
    Operand<TFloat32> padded = padding == 0 ? x : tf.pad(x, paddings(tf), tf.constant(0f));
    List<Long> strides = List.of(1L, (long) stride, (long) stride, 1L);
    Operand<TFloat32> y = tf.nn.conv2d(padded, pass.value(name + "/kernel"), strides, "VALID");
    return tf.nn.biasAdd(y, pass.value(name + "/bias"));
  }

  private Operand<org.tensorflow.types.TInt32> paddings(Ops tf) {
    return tf.constant(new int[][] {{0, 0}, {padding, padding}, {padding, padding}, {0, 0}});
  }
}
