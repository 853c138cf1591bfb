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
 * Sums the gradients of several micro-batches, for one update as of the whole batch. Every run
 * feeds {@link #scalars}.
 *
 * @param parameters with the gradients of the mean loss over the whole batch
 * @param accumulate to run with each micro-batch but the last
 * @param clear to run with the last micro-batch, beside the updates of the parameters
 * @param state the sums, which are zero between updates
 * @param weight the share of a micro-batch in its batch
 */
public record GradientAccumulator(
    List<Optimizer.Parameter> parameters,
    List<Op> accumulate,
    List<Op> clear,
    List<StateVariable> state,
    Placeholder<TFloat32> weight) {

  /** Adds a sum for each gradient of the mean loss over a micro-batch. */
  public static GradientAccumulator of(Ops tf, List<Optimizer.Parameter> gradients) {
    Placeholder<TFloat32> weight = Optimizer.Scalars.placeholder(tf);
    var all =
        new GradientAccumulator(
            new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), weight);
    for (Optimizer.Parameter parameter : gradients) {
      StateVariable sum = parameter.slot(tf, "gradient_sum");
      all.state.add(sum);
      Operand<TFloat32> total =
          tf.math.add(sum.read(tf), tf.math.mul(parameter.gradient(), weight));
      all.parameters.add(parameter.withGradient(total));
      all.accumulate.add(tf.assignVariableOp(sum.handle(), total));
      // After the total, which reads the sum.
      all.clear.add(
          tf.withControlDependencies(total)
              .assignVariableOp(sum.handle(), StateVariable.zeros(tf, sum.shape())));
    }
    return all;
  }

  /** The numbers to feed, for a micro-batch with some of the batch's images. */
  public Map<Placeholder<TFloat32>, Float> scalars(int images, int batchImages) {
    return Map.of(weight, (float) ((double) images / batchImages));
  }
}
