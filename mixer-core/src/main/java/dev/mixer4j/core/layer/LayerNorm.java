package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TFloat32;

/**
 * Layer normalization over the last axis (arXiv 1607.06450): [..., size] to the same shape.
 *
 * @param name start of the variables' names
 * @param size of the last axis
 * @param epsilon added to the variance under the root
 */
public record LayerNorm(String name, int size, float epsilon) implements Layer {

  @Override
  public List<Variable> variables() {
    return List.of(
        new Variable(name + "/scale", Shape.of(size), Initializer.ONES),
        new Variable(name + "/bias", Shape.of(size), Initializer.ZEROS));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf();
    Operand<TFloat32> mean = tf.math.mean(x, tf.constant(-1), Mean.keepDims(true));
    Operand<TFloat32> centred = tf.math.sub(x, mean);
    Operand<TFloat32> variance =
        tf.math.mean(tf.math.square(centred), tf.constant(-1), Mean.keepDims(true));
    Operand<TFloat32> inverse = tf.math.rsqrt(tf.math.add(variance, tf.constant(epsilon)));
    Operand<TFloat32> scale = tf.math.mul(inverse, pass.value(name + "/scale"));
    return tf.math.add(tf.math.mul(centred, scale), pass.value(name + "/bias"));
  }
}
