package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Sums the gradients of micro-batches, so that one update is that of the whole batch. Each
 * micro-batch but the last runs {@link #accumulate}. The last runs {@link #clear} and the updates
 * that an {@link Optimizer} makes of {@link #parameters}. Every run feeds {@link #scalars}.
 *
 * @param state the sums, which are zero between updates
 * @param parameters with the gradients of the whole batch's mean loss
 */
public record GradientAccumulator(
    Placeholder<TFloat32> weight,
    List<StateVariable> state,
    List<Optimizer.Parameter> parameters,
    List<Op> accumulate,
    List<Op> clear) {

  /** Adds the sums; the gradients are those of a micro-batch's mean loss. */
  public static GradientAccumulator of(Ops tf, List<Optimizer.Parameter> gradients) {
    Placeholder<TFloat32> weight = Optimizer.Scalars.placeholder(tf);
    var all =
        new GradientAccumulator(
            weight, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (Optimizer.Parameter parameter : gradients) {
      StateVariable sum = parameter.slot(tf, "gradient_sum", all.state);
      Operand<TFloat32> total =
          tf.math.add(sum.read(tf), tf.math.mul(parameter.gradient(), weight));
      all.parameters.add(parameter.withGradient(total));
      all.accumulate.add(tf.assignVariableOp(sum.handle(), total));
      // After the total, because that reads the sum.
      all.clear.add(
          tf.withControlDependencies(total)
              .assignVariableOp(sum.handle(), StateVariable.zeros(tf, sum.shape())));
    }
    return all;
  }

  /** What a run feeds for a micro-batch of {@code images} of the batch's images. */
  public Map<Placeholder<TFloat32>, Float> scalars(int images, int batchImages) {
    return Map.of(weight, (float) ((double) images / batchImages));
  }
}
