package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * A moving average of the weights for evaluation: after each update {@code a = d·a + (1−d)·w}, from
 * the start weights on, as timm's {@code ModelEmaV3} by default and {@code optax.ema} without
 * debias. Like timm it computes {@code a += (1−d)·(w−a)}, because in float32 {@code d} and {@code
 * 1−d} do not add up to one, which would shrink or swell a long average.
 *
 * @param values the averages, by the variables' names
 */
public record ExponentialMovingAverage(
    Map<String, Operand<TFloat32>> values, List<StateVariable> state, List<Op> updates) {

  /** Adds an average of each variable, and its update, which waits for the optimizer's. */
  public ExponentialMovingAverage(
      Ops tf,
      double decay,
      Map<String, Shape> variables,
      Function<String, Operand<? extends TType>> handles,
      List<Op> after) {
    this(new HashMap<>(), new ArrayList<>(), new ArrayList<>());
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "expected a decay of at least 0 and below 1, found " + decay);
    }
    // One operation that waits for all updates, instead of each average for each update.
    Ops updated = tf.withControlDependencies(tf.withControlDependencies(after).noOp());
    variables.forEach(
        (name, shape) -> {
          var handle = handles.apply(name);
          StateVariable average = StateVariable.copyOf(tf, name + "/ema", shape, handle);
          state.add(average);
          values.put(name, average.read(tf));
          Operand<TFloat32> weight = updated.readVariableOp(handle, TFloat32.class);
          Operand<TFloat32> distance = tf.math.sub(weight, average.read(tf));
          updates.add(
              tf.assignAddVariableOp(
                  average.handle(), tf.math.mul(distance, tf.constant((float) (1 - decay)))));
        });
  }
}
