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
 */
public final class GradientAccumulator {

  private final Placeholder<TFloat32> weight;
  private final List<StateVariable> state = new ArrayList<>();
  private final List<Optimizer.Parameter> parameters = new ArrayList<>();
  private final List<Op> accumulate = new ArrayList<>();
  private final List<Op> clear = new ArrayList<>();

  /** Adds the sums; the gradients are those of a micro-batch's mean loss. */
  public GradientAccumulator(Ops tf, List<Optimizer.Parameter> gradients) {
    weight = Optimizer.Scalars.placeholder(tf);
    for (Optimizer.Parameter parameter : gradients) {
      StateVariable sum = parameter.slot(tf, "gradient_sum", state);
      Operand<TFloat32> total =
          tf.math.add(sum.read(tf), tf.math.mul(parameter.gradient(), weight));
      parameters.add(parameter.withGradient(total));
      accumulate.add(tf.assignVariableOp(sum.handle(), total));
      // After the total, because that reads the sum.
      clear.add(
          tf.withControlDependencies(total)
              .assignVariableOp(sum.handle(), StateVariable.zeros(tf, sum.shape())));
    }
  }

  /** With the gradients of the whole batch's mean loss. */
  public List<Optimizer.Parameter> parameters() {
    return List.copyOf(parameters);
  }

  public List<Op> accumulate() {
    return List.copyOf(accumulate);
  }

  public List<Op> clear() {
    return List.copyOf(clear);
  }

  /** The sums, which are zero between updates. */
  public List<StateVariable> state() {
    return List.copyOf(state);
  }

  /** What a run feeds for a micro-batch of {@code images} of the batch's images. */
  public Map<Placeholder<TFloat32>, Float> scalars(int images, int batchImages) {
    return Map.of(weight, (float) ((double) images / batchImages));
  }
}
