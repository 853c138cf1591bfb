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
 * @param weightDecay times the weights, added to the gradient, as {@code torch.optim.Adam} does;
 *     {@link AdamW} has the other kind
 */
public record Adam(double beta1, double beta2, double epsilon, double weightDecay)
    implements Optimizer {

  /** The paper's settings, which are PyTorch's defaults. */
  public static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-8);

  /** Without weight decay. */
  public Adam(double beta1, double beta2, double epsilon) {
    this(beta1, beta2, epsilon, 0);
  }

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    Kernel kernel = new Kernel(tf);
    for (Parameter parameter : parameters) {
      kernel.update(tf, parameter, parameter.decayedGradient(tf, weightDecay));
    }
    return new Updates(kernel.state, kernel.updates, kernel::scalars);
  }

  /** The kernel's operands, and what it did so far. */
  public final class Kernel {
    final List<StateVariable> state = new ArrayList<>();
    final List<Op> updates = new ArrayList<>();
    private final Placeholder<TFloat32> rate;
    private final Placeholder<TFloat32> epsilonOperand;
    private final Operand<TFloat32> zero;
    private final Operand<TFloat32> decay1;
    private final Operand<TFloat32> decay2;

    Kernel(Ops tf) {
      rate = Scalars.placeholder(tf);
      epsilonOperand = Scalars.placeholder(tf);
      zero = tf.constant(0f);
      decay1 = tf.constant((float) beta1);
      decay2 = tf.constant((float) beta2);
    }

    /**
     * Adds the update of one parameter.
     *
     * @param before what must be done first
     */
    void update(Ops tf, Parameter parameter, Operand<TFloat32> gradient, Op... before) {
      StateVariable m = parameter.slot(tf, "adam_m");
      StateVariable v = parameter.slot(tf, "adam_v");
      state.add(m);
      state.add(v);
      updates.add(
          tf.withControlDependencies(before)
              .train
              .resourceApplyAdam(
                  parameter.handle(),
                  m.handle(),
                  v.handle(),
                  zero,
                  zero,
                  rate,
                  decay1,
                  decay2,
                  epsilonOperand,
                  gradient));
    }

    Map<Placeholder<TFloat32>, Float> scalars(long step, double learningRate) {
      // Of the decays that the kernel has: 1 − 0.999 is another number in float32, by 1e-5 of it.
      double root = Math.sqrt(1 - Math.pow((float) beta2, step));
      double corrected = learningRate * root / (1 - Math.pow((float) beta1, step));
      return Map.of(rate, (float) corrected, epsilonOperand, (float) (epsilon * root));
    }
  }
}
