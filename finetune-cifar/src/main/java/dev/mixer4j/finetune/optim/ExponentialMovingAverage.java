package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
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
 * the start weights on, as timm's {@code ModelEmaV3} without its options and {@code optax.ema}
 * without debias. It is computed as {@code a += (1−d)·(w−a)}, as timm does: in float32 {@code d}
 * and {@code 1−d} do not add up to one, which shrinks or swells a long average.
 */
public final class ExponentialMovingAverage {

  private final Map<String, StateVariable> state = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> values = new LinkedHashMap<>();
  private final List<Op> updates = new ArrayList<>();

  /**
   * Adds an average of each variable, and its update.
   *
   * @param decay {@code d}, from 0 to below 1
   * @param variables names and shapes of the averaged variables
   * @param handles each name's resource
   * @param after the optimizer's updates, whose results the average takes in
   */
  public ExponentialMovingAverage(
      Ops tf,
      double decay,
      Map<String, Shape> variables,
      Function<String, Operand<? extends TType>> handles,
      List<Op> after) {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException(
          "expected a decay of at least 0 and below 1, found " + decay);
    }
    // One operation that waits for all, instead of each for each.
    Ops updated = tf.withControlDependencies(tf.withControlDependencies(after).noOp());
    variables.forEach(
        (name, shape) -> {
          var handle = handles.apply(name);
          StateVariable average = StateVariable.copyOf(tf, name + "/ema", shape, handle);
          state.put(name, average);
          values.put(name, average.read(tf));
          Operand<TFloat32> weight = updated.readVariableOp(handle, TFloat32.class);
          Operand<TFloat32> distance = tf.math.sub(weight, average.read(tf));
          updates.add(
              tf.assignAddVariableOp(
                  average.handle(), tf.math.mul(distance, tf.constant((float) (1 - decay)))));
        });
  }

  /** To run in each step, beside the optimizer's updates. */
  public List<Op> updates() {
    return List.copyOf(updates);
  }

  /** The averages. They start as the weights are at their initialization. */
  public List<StateVariable> state() {
    return List.copyOf(state.values());
  }

  /** The average of a variable, for a network that classifies with the averages. */
  public Operand<TFloat32> value(String name) {
    return values.get(name);
  }
}
