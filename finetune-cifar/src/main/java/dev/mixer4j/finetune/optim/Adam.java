package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * Adam, Algorithm 1 of Kingma &amp; Ba (arXiv 1412.6980): epsilon is added to the root of the
 * bias-corrected second moment, as in PyTorch and optax. Weight decay is added to the gradient or,
 * if it is decoupled (Loshchilov &amp; Hutter, arXiv 1711.05101), subtracted as {@code θ −= lr·λ·θ}
 * before the update, as in {@code torch.optim.AdamW}.
 *
 * <p>TensorFlow's kernel computes {@code θ −= lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)}, which is another
 * algorithm if the second moment is small. The paper's own is {@code lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v
 * + ε·√(1−β₂ᵗ))}. So the kernel gets zero for the powers of β, which leaves its rate unchanged, and
 * each step feeds rate and epsilon with their factors.
 */
public record Adam(
    double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
    implements Optimizer {

  /** The paper's settings, which are PyTorch's defaults. */
  public static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-8);

  /** Without weight decay. */
  public Adam(double beta1, double beta2, double epsilon) {
    this(beta1, beta2, epsilon, 0, false);
  }

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    Placeholder<TFloat32> rate = Scalars.placeholder(tf);
    Placeholder<TFloat32> epsilonOperand = Scalars.placeholder(tf);
    Placeholder<TFloat32> decay = decoupled ? Scalars.placeholder(tf) : null;
    Operand<TFloat32> zero = tf.constant(0f);
    Operand<TFloat32> decay1 = tf.constant((float) beta1);
    Operand<TFloat32> decay2 = tf.constant((float) beta2);
    List<StateVariable> state = new ArrayList<>();
    List<Op> updates = new ArrayList<>();
    for (Parameter parameter : parameters) {
      StateVariable m = parameter.slot(tf, "adam_m");
      StateVariable v = parameter.slot(tf, "adam_v");
      state.addAll(List.of(m, v));
      Ops after = decoupled ? tf.withControlDependencies(decayed(tf, parameter, decay)) : tf;
      updates.add(
          after.train.resourceApplyAdam(
              parameter.handle(),
              m.handle(),
              v.handle(),
              zero,
              zero,
              rate,
              decay1,
              decay2,
              epsilonOperand,
              parameter.decayedGradient(tf, decoupled ? 0 : weightDecay)));
    }
    return new Updates(
        state,
        updates,
        (step, learningRate) -> {
          // With the decays in float32, as the kernel has them: 1 − 0.999 differs by 1e-5 of it.
          double root = Math.sqrt(1 - Math.pow((float) beta2, step));
          double corrected = learningRate * root / (1 - Math.pow((float) beta1, step));
          Map<Placeholder<TFloat32>, Float> scalars = new HashMap<>();
          scalars.put(rate, (float) corrected);
          scalars.put(epsilonOperand, (float) (epsilon * root));
          if (decoupled) {
            scalars.put(decay, (float) (learningRate * weightDecay));
          }
          return scalars;
        });
  }

  /** Subtracted: a factor of one minus a small number would lose digits in float32. */
  private static Op decayed(Ops tf, Parameter parameter, Operand<TFloat32> decay) {
    Operand<TFloat32> value = tf.readVariableOp(parameter.handle(), TFloat32.class);
    return tf.withControlDependencies(parameter.gradient())
        .assignSubVariableOp(parameter.handle(), tf.math.mul(value, decay));
  }
}
