package dev.mixer4j.core.layer;

import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A layer that flattens each image to a row, channel by channel as in PyTorch: [batch, height,
 * width, channels] to [batch, size].
 *
 * @param size height · width · channels
 */
public record Flatten(int size) implements Layer {

  @Override
  public List<Variable> variables() {
    return List.of();
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Ops tf = pass.tf();
    return tf.reshape(tf.linalg.transpose(x, tf.array(0, 3, 1, 2)), tf.array(-1, size));
  }
}
