package dev.mixer4j.finetune;

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
interface Optimizer {

  /**
   * A variable to train.
   *
   * @param name its canonical name
   * @param shape its shape, and its gradient's
   * @param handle its resource
   * @param gradient of the loss
   */
  record Parameter(
      String name, Shape shape, Operand<? extends TType> handle, Operand<TFloat32> gradient) {}

  /**
   * What a rule adds to a graph.
   *
   * @param initializations to run once before the first step: they set the rule's own variables
   * @param updates to run in each step
   * @param scalars what each step feeds
   */
  record Updates(List<Op> initializations, List<Op> updates, Scalars scalars) {}

  /** Numbers that change from step to step, computed here in double precision. */
  interface Scalars {

    /**
     * The values for one step.
     *
     * @param step counts from 1
     * @param learningRate this step's
     */
    Map<Placeholder<TFloat32>, Float> at(long step, double learningRate);
  }

  /**
   * Adds the rule's variables and updates to the graph of these parameters.
   *
   * <p>Every update must depend on its parameter's gradient, by its value or by a control
   * dependency: nothing else orders it after the step's reads of the variable.
   */
  Updates build(Ops tf, List<Parameter> parameters);
}
