package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * An MLP block: two dense layers with GELU between them and dropout after each, applied to the last
 * axis: [batch, rows, size] to the same shape. Names are those of {@code MlpBlock} in {@code
 * vit_jax/models_mixer.py}.
 *
 * @param name start of the variables' names
 * @param rows of an input
 * @param size of the last axis
 * @param width of the hidden layer
 * @param gelu form of the activation
 * @param dense makes a dense layer with initial values
 */
public record Mlp(String name, int rows, int size, int width, Gelu gelu, Dense.Maker dense)
    implements Layer {

  /**
   * Creates layers with Flax's default initial values.
   *
   * @param name start of the variables' names
   * @param rows of an input
   * @param size of the last axis
   * @param width of the hidden layer
   * @param gelu form of the activation
   */
  public Mlp(String name, int rows, int size, int width, Gelu gelu) {
    this(
        name,
        rows,
        size,
        width,
        gelu,
        (layer, in, out) -> new Dense(layer, in, out, Initializer.LECUN_NORMAL, Initializer.ZEROS));
  }

  private Dense first() {
    return dense.make(name + "/Dense_0", size, width);
  }

  private Dense second() {
    return dense.make(name + "/Dense_1", width, size);
  }

  @Override
  public List<Variable> variables() {
    return Layer.variables(Stream.of(first(), second()));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf();
    // As one matrix, because TensorFlow fuses bias and GELU into a product of matrices only.
    Operand<TFloat32> y = tf.reshape(x, tf.array(-1, size));
    y = gelu.apply(pass, first().apply(pass, y, pass.precision()));
    y = second().apply(pass, pass.dropout(y), pass.precision());
    return tf.reshape(pass.dropout(y), tf.array(-1, rows, size));
  }
}
