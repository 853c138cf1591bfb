package dev.mixer4j.finetune.optim;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Gradients scaled down together if their global norm is too large (Pascanu et al., arXiv
 * 1211.5063): {@code g · clip / max(‖g‖, clip)}, as {@code tf.clip_by_global_norm} and {@code
 * optax.clip_by_global_norm}. Gradients within the limit keep every bit.
 *
 * @param globalNorm of all gradients as one vector, before clipping; a float32 scalar
 */
public record ClippedGradients(List<Optimizer.Parameter> parameters, Operand<TFloat32> globalNorm) {

  public static ClippedGradients of(Ops tf, List<Optimizer.Parameter> parameters, double clip) {
    if (!(clip > 0 && Double.isFinite(clip))) {
      throw new IllegalArgumentException("expected a gradient norm above 0, found " + clip);
    }
    List<Operand<TFloat32>> halfSquares =
        parameters.stream().<Operand<TFloat32>>map(p -> tf.nn.l2Loss(p.gradient())).toList();
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.constant(2f), tf.math.addN(halfSquares)));
    Operand<TFloat32> limit = tf.constant((float) clip);
    Operand<TFloat32> factor = tf.math.div(limit, tf.math.maximum(norm, limit));
    return new ClippedGradients(
        parameters.stream().map(p -> p.withGradient(tf.math.mul(p.gradient(), factor))).toList(),
        norm);
  }
}
