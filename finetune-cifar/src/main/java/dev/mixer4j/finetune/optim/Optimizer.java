package dev.mixer4j.finetune.optim;

import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** An optimizer: it turns gradients into updates of the variables. */
public interface Optimizer {

  /** A variable to train, with the gradient of the loss, which has its shape. */
  record Parameter(
      String name, Shape shape, Operand<? extends TType> handle, Operand<TFloat32> gradient) {

    public Parameter withGradient(Operand<TFloat32> other) {
      return new Parameter(name, shape, handle, other);
    }

    /** The gradient of the loss with {@code weightDecay/2 · ‖w‖²} added to it. */
    Operand<TFloat32> decayedGradient(Ops tf, double weightDecay) {
      if (weightDecay == 0) {
        return gradient;
      }
      Operand<TFloat32> value = tf.readVariableOp(handle, TFloat32.class);
      return tf.math.add(gradient, tf.math.mul(value, tf.constant((float) weightDecay)));
    }

    /** Adds a variable of the optimizer for this parameter, which starts at zero. */
    StateVariable slot(Ops tf, String slot) {
      return StateVariable.zeros(tf, name + "/" + slot, shape);
    }
  }

  /**
   * The operations of an optimizer.
   *
   * @param state the optimizer's own variables, to be set before the first step
   * @param updates to run in each step
   * @param scalars to feed in each step
   */
  record Updates(List<StateVariable> state, List<Op> updates, Scalars scalars) {}

  /** Numbers that change with the step, computed in double precision. */
  interface Scalars {

    /** The values for one step, counting from 1. */
    Map<Placeholder<TFloat32>, Float> at(long step, double learningRate);

    static Placeholder<TFloat32> placeholder(Ops tf) {
      return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    }
  }

  /**
   * Adds the optimizer to the graph of these parameters. Every update must depend on its
   * parameter's gradient, by its value or by a control dependency: nothing else orders it after the
   * step's reads of the variable.
   */
  Updates build(Ops tf, List<Parameter> parameters);
}
