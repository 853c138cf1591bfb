package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Batch normalization of images (arXiv 1502.03167) with the numbers of PyTorch's {@code
 * BatchNorm2d}: [batch, height, width, channels] to the same shape. In training it normalizes with
 * the statistics of the batch and updates the running averages; in inference, and where it is
 * frozen, it normalizes with the running averages.
 *
 * @param name start of the variables' names
 * @param channels of an image
 */
public record BatchNorm(String name, int channels) implements Layer {

  private static final float EPSILON = 1e-5f;

  /** The share of the batch in the new running average. */
  private static final float MOMENTUM = 0.1f;

  @Override
  public List<Variable> variables() {
    Shape shape = Shape.of(channels);
    return List.of(
        new Variable(name + "/scale", shape, Initializer.ONES),
        new Variable(name + "/bias", shape, Initializer.ZEROS),
        new Variable(name + "/mean", shape, Initializer.ZEROS, false),
        new Variable(name + "/variance", shape, Initializer.ONES, false));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf();
    if (!pass.trains(name + "/scale")) {
      Operand<TFloat32> centred = tf.math.sub(x, pass.value(name + "/mean"));
      return normalize(pass, centred, pass.value(name + "/variance"));
    }
    Operand<TFloat32> mean = mean(tf, x);
    Operand<TFloat32> centred = tf.math.sub(x, mean);
    Operand<TFloat32> variance = mean(tf, tf.math.square(centred));
    update(pass, "/mean", mean);
    update(pass, "/variance", tf.math.mul(variance, unbiased(tf, x)));
    return normalize(pass, centred, variance);
  }

  private Operand<TFloat32> normalize(
      Pass pass, Operand<TFloat32> centred, Operand<TFloat32> variance) {
    Ops tf = pass.tf();
    Operand<TFloat32> inverse = tf.math.rsqrt(tf.math.add(variance, tf.constant(EPSILON)));
    Operand<TFloat32> scale = tf.math.mul(inverse, pass.value(name + "/scale"));
    return tf.math.add(tf.math.mul(centred, scale), pass.value(name + "/bias"));
  }

  /**
   * First within each image: TensorFlow's mean over all three axes at once is 20 times as far off.
   */
  private static Operand<TFloat32> mean(Ops tf, Operand<TFloat32> x) {
    return tf.math.mean(tf.math.mean(x, tf.array(1, 2)), tf.constant(0));
  }

  /** {@code n / (n − 1)}, which makes the variance of n values an unbiased estimate. */
  private static Operand<TFloat32> unbiased(Ops tf, Operand<TFloat32> x) {
    Operand<TInt32> pixels = tf.slice(tf.shape(x), tf.array(0), tf.array(3));
    Operand<TFloat32> n = tf.dtypes.cast(tf.prod(pixels, tf.array(0)), TFloat32.class);
    Operand<TFloat32> one = tf.constant(1f);
    return tf.math.div(n, tf.math.maximum(tf.math.sub(n, one), one));
  }

  private void update(Pass pass, String average, Operand<TFloat32> batch) {
    Ops tf = pass.tf();
    Operand<TFloat32> running = pass.value(name + average);
    Operand<TFloat32> change = tf.math.mul(tf.math.sub(batch, running), tf.constant(MOMENTUM));
    pass.update(name + average, tf.math.add(running, change));
  }
}
