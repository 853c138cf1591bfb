package dev.mixer4j.finetune.optim;

import java.util.List;
import java.util.Map;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;

/**
 * Stochastic gradient descent: {@code θ −= lr·g}, as {@code torch.optim.SGD} without momentum.
 * Weight decay is added to the gradient.
 */
public record Sgd(double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    var rate = Scalars.placeholder(tf);
    List<Op> updates =
        parameters.stream()
            .<Op>map(
                p ->
                    tf.train.resourceApplyGradientDescent(
                        p.handle(), rate, p.decayedGradient(tf, weightDecay)))
            .toList();
    return new Updates(
        List.of(), updates, (step, learningRate) -> Map.of(rate, (float) learningRate));
  }
}
