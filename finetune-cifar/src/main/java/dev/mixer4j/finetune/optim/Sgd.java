package dev.mixer4j.finetune.optim;

import java.util.List;
import org.tensorflow.op.Ops;

/**
 * Stochastic gradient descent, {@code θ −= lr·g}, as {@code torch.optim.SGD} without momentum.
 * Weight decay is added to the gradient.
 */
public record Sgd(double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    return Updates.ofEach(
        tf,
        parameters,
        (parameter, rate, state) ->
            List.of(
                tf.train.resourceApplyGradientDescent(
                    parameter.handle(), rate, parameter.decayedGradient(tf, weightDecay))));
  }
}
