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
 * Algorithm 1 of Kingma &amp; Ba (arXiv 1412.6980): epsilon is added to the root of the
 * bias-corrected second moment, as in PyTorch and optax.
 *
 * <p>TensorFlow's kernel computes {@code θ −= lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε̂)} (section 2),
 * which differs for a small second moment: here {@code ε̂ = ε·√(1−β₂ᵗ)}. So the kernel gets zero
 * for both powers of β, which leaves its rate unchanged, and each step feeds rate and epsilon.
 *
 * @param decoupled whether weight decay is that of {@code torch.optim.AdamW} (arXiv 1711.05101),
 *     {@code θ −= lr·λ·θ} before the update; otherwise it is added to the gradient
 */
public record Adam(
    double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
    implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    var rate = Scalars.placeholder(tf);
    var scaledEpsilon = Scalars.placeholder(tf);
    var decay = Scalars.placeholder(tf);
    Operand<TFloat32> zero = tf.constant(0f);
    Operand<TFloat32> decay1 = tf.constant((float) beta1);
    Operand<TFloat32> decay2 = tf.constant((float) beta2);
    List<StateVariable> state = new ArrayList<>();
    List<Op> updates = new ArrayList<>();
    for (Parameter parameter : parameters) {
      Ops after = decoupled ? tf.withControlDependencies(decayed(tf, parameter, decay)) : tf;
      updates.add(
          after.train.resourceApplyAdam(
              parameter.handle(),
              parameter.slot(tf, "adam_m", state).handle(),
              parameter.slot(tf, "adam_v", state).handle(),
              zero,
              zero,
              rate,
              decay1,
              decay2,
              scaledEpsilon,
              parameter.decayedGradient(tf, decoupled ? 0 : weightDecay)));
    }
    return new Updates(
        state,
        updates,
        (step, learningRate) -> {
          // In float32 like the kernel's: 1 − 0.999 differs by 1e-5 of it.
          double root = Math.sqrt(1 - Math.pow((float) beta2, step));
          double corrected = learningRate * root / (1 - Math.pow((float) beta1, step));
          Map<Placeholder<TFloat32>, Float> scalars = new HashMap<>();
          scalars.put(rate, (float) corrected);
          scalars.put(scaledEpsilon, (float) (epsilon * root));
          if (decoupled) {
            scalars.put(decay, (float) (learningRate * weightDecay));
          }
          return scalars;
        });
  }

  /** Subtracts, since one minus so small a factor would have few digits left in float32. */
  private static Op decayed(Ops tf, Parameter parameter, Operand<TFloat32> decay) {
    Operand<TFloat32> value = tf.readVariableOp(parameter.handle(), TFloat32.class);
    return tf.withControlDependencies(parameter.gradient())
        .assignSubVariableOp(parameter.handle(), tf.math.mul(value, decay));
  }
}
