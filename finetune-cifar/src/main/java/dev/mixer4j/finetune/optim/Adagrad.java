package dev.mixer4j.finetune.optim;

import java.util.List;
import org.tensorflow.op.Ops;

/**
 * Duchi, Hazan &amp; Singer's rule (JMLR 12, 2011) in its diagonal form, as {@code
 * torch.optim.Adagrad}: {@code s += g²}, then {@code θ −= lr·g / (√s + ε)}, with {@code s} from 0
 * (TensorFlow's and Keras's optimizers start at 0.1). Weight decay is added to the gradient.
 */
public record Adagrad(double epsilon, double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    // TensorFlow's ResourceApplyAdagradV2, which adds epsilon to the root.
    return Updates.ofEach(
        tf,
        parameters,
        (parameter, rate, state) ->
            List.of(
                tf.train.resourceApplyAdagrad(
                    parameter.handle(),
                    parameter.slot(tf, "adagrad_sum", state).handle(),
                    rate,
                    tf.constant((float) epsilon),
                    parameter.decayedGradient(tf, weightDecay))));
  }
}
