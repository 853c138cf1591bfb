package dev.mixer4j.finetune;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * Algorithm 1 of Kingma &amp; Ba (arXiv 1412.6980): epsilon is added to the root of the
 * bias-corrected second moment, as PyTorch and optax have it.
 *
 * <p>TensorFlow's kernel computes {@code θ −= lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)}, with the powers
 * of β as operands: the paper's section 2 names that epsilon «ε̂», and with a small second moment
 * it is another algorithm. Multiplied by {@code √(1−β₂ᵗ)} above and below the line, the paper's own
 * is {@code lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε·√(1−β₂ᵗ))}. So the kernel gets zero for both powers,
 * which leaves its rate as it is given, and each step feeds rate and epsilon with their factors.
 * That also spares the two variables for the powers, whose update would need an order.
 *
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param epsilon keeps the division finite
 */
record Adam(double beta1, double beta2, double epsilon) implements Optimizer {

  /** The paper's settings, which are PyTorch's defaults. */
  static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-8);

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    Placeholder<TFloat32> rate = scalar(tf);
    Placeholder<TFloat32> epsilonOperand = scalar(tf);
    List<Op> initializations = new ArrayList<>();
    List<Op> updates = new ArrayList<>();
    for (Parameter parameter : parameters) {
      updates.add(
          tf.train.resourceApplyAdam(
              parameter.handle(),
              moment(tf, parameter, "adam_m", initializations),
              moment(tf, parameter, "adam_v", initializations),
              tf.constant(0f),
              tf.constant(0f),
              rate,
              tf.constant((float) beta1),
              tf.constant((float) beta2),
              epsilonOperand,
              parameter.gradient()));
    }
    return new Updates(
        initializations,
        updates,
        (step, learningRate) -> {
          double root = Math.sqrt(1 - Math.pow(beta2, step));
          double corrected = learningRate * root / (1 - Math.pow(beta1, step));
          return Map.of(rate, (float) corrected, epsilonOperand, (float) (epsilon * root));
        });
  }

  private static Placeholder<TFloat32> scalar(Ops tf) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
  }

  private static Operand<? extends TType> moment(
      Ops tf, Parameter parameter, String slot, List<Op> initializations) {
    var handle =
        tf.varHandleOp(
            TFloat32.class,
            parameter.shape(),
            VarHandleOp.sharedName(parameter.name() + "/" + slot));
    var zeros = tf.zeros(tf.constant(parameter.shape().asArray()), TFloat32.class);
    initializations.add(tf.assignVariableOp(handle, zeros));
    return handle;
  }
}
