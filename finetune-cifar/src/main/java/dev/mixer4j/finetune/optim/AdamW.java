package dev.mixer4j.finetune.optim;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * {@link Adam} with decoupled weight decay (Loshchilov &amp; Hutter, arXiv 1711.05101) as {@code
 * torch.optim.AdamW}: {@code θ −= lr·λ·θ} before Adam's update.
 */
public record AdamW(double beta1, double beta2, double epsilon, double weightDecay)
    implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    Placeholder<TFloat32> decay = Scalars.placeholder(tf);
    Adam.Kernel kernel = new Adam(beta1, beta2, epsilon).new Kernel(tf);
    for (Parameter parameter : parameters) {
      // Subtracted: a factor of one minus a small number would lose digits in float32.
      Operand<TFloat32> value = tf.readVariableOp(parameter.handle(), TFloat32.class);
      Op decayed =
          tf.withControlDependencies(parameter.gradient())
              .assignSubVariableOp(parameter.handle(), tf.math.mul(value, decay));
      kernel.update(tf, parameter, parameter.gradient(), decayed);
    }
    return new Updates(
        kernel.state,
        kernel.updates,
        (step, learningRate) -> {
          Map<Placeholder<TFloat32>, Float> scalars =
              new HashMap<>(kernel.scalars(step, learningRate));
          scalars.put(decay, (float) (learningRate * weightDecay));
          return scalars;
        });
  }
}
