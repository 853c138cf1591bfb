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
 * Sums the gradients of several micro-batches, for one update as of the whole batch. Each
 * micro-batch but the last runs {@link #accumulate}; the last runs the updates of {@link
 * #parameters}, which have the sums, and {@link #clear}. Every run feeds {@link #scalars}.
 */
public final class GradientAccumulator {

  private final Placeholder<TFloat32> weight;
  private final List<StateVariable> state = new ArrayList<>();
  private final List<Optimizer.Parameter> parameters = new ArrayList<>();
  private final List<Op> accumulate = new ArrayList<>();
  private final List<Op> clear = new ArrayList<>();

  /** Adds a sum for each gradient of the mean loss over a micro-batch. */
  public GradientAccumulator(Ops tf, List<Optimizer.Parameter> gradients) {
    weight = Optimizer.Scalars.placeholder(tf);
    for (Optimizer.Parameter parameter : gradients) {
      StateVariable sum = parameter.slot(tf, "gradient_sum");
      state.add(sum);
      Operand<TFloat32> total =
          tf.math.add(sum.read(tf), tf.math.mul(parameter.gradient(), weight));
      parameters.add(parameter.withGradient(total));
      accumulate.add(tf.assignVariableOp(sum.handle(), total));
      // After the total, which reads the sum.
      clear.add(
          tf.withControlDependencies(total)
              .assignVariableOp(sum.handle(), StateVariable.zeros(tf, sum.shape())));
    }
  }

  /** The parameters with the gradients of the mean loss over the whole batch. */
  public List<Optimizer.Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** To run with each micro-batch but the last. */
  public List<Op> accumulate() {
    return List.copyOf(accumulate);
  }

  /** To run with the last micro-batch, beside the updates. */
  public List<Op> clear() {
    return List.copyOf(clear);
  }

  /** The sums, which are zero between updates. */
  public List<StateVariable> state() {
    return List.copyOf(state);
  }

  /** The numbers to feed, for a micro-batch with some of the batch's images. */
  public Map<Placeholder<TFloat32>, Float> scalars(int images, int batchImages) {
    return Map.of(weight, (float) ((double) images / batchImages));
  }
}
