package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/** A rule that turns gradients into updates of the variables. */
public interface Optimizer {

  /** A variable to train, with the gradient of the loss, which has the same shape. */
  record Parameter(
      String name, Shape shape, Operand<? extends TType> handle, Operand<TFloat32> gradient) {

    public Parameter withGradient(Operand<TFloat32> other) {
      return new Parameter(name, shape, handle, other);
    }

    /** The gradient of the loss plus {@code weightDecay/2 · ‖w‖²}. */
    Operand<TFloat32> decayedGradient(Ops tf, double weightDecay) {
      if (weightDecay == 0) {
        return gradient;
      }
      Operand<TFloat32> value = tf.readVariableOp(handle, TFloat32.class);
      return tf.math.add(gradient, tf.math.mul(value, tf.constant((float) weightDecay)));
    }

    /** Adds a variable of the rule for this parameter to {@code state}; it starts at zero. */
    StateVariable slot(Ops tf, String slot, List<StateVariable> state) {
      StateVariable variable = StateVariable.zeros(tf, name + "/" + slot, shape);
      state.add(variable);
      return variable;
    }
  }

  /** What a rule adds to a graph: its own variables, the updates, and what each step feeds. */
  record Updates(List<StateVariable> state, List<Op> updates, Scalars scalars) {

    /** Applies a rule to each parameter; each step feeds the learning rate only. */
    static Updates ofEach(Ops tf, List<Parameter> parameters, Rule rule) {
      var rate = Scalars.placeholder(tf);
      List<StateVariable> state = new ArrayList<>();
      List<Op> updates = new ArrayList<>();
      parameters.forEach(parameter -> updates.addAll(rule.updates(parameter, rate, state)));
      return new Updates(state, updates, (step, value) -> Map.of(rate, (float) value));
    }
  }

  /** Adds one parameter's updates to its graph, and the rule's variables to {@code state}. */
  interface Rule {
    List<? extends Op> updates(
        Parameter parameter, Operand<TFloat32> rate, List<StateVariable> state);
  }

  /** Numbers that change from step to step, computed in double precision. */
  interface Scalars {

    /** The values for a step, counted from 1. */
    Map<Placeholder<TFloat32>, Float> at(long step, double learningRate);

    static Placeholder<TFloat32> placeholder(Ops tf) {
      return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    }
  }

  /**
   * Adds the rule to the graph of these parameters. Every update must depend on its gradient, by
   * value or control dependency: nothing else orders it after the step's reads of the variable.
   */
  Updates build(Ops tf, List<Parameter> parameters);
}
