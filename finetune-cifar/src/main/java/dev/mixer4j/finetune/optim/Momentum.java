package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ResourceApplyMomentum;

/**
 * SGD with momentum as {@code torch.optim.SGD} with dampening 0: {@code m = μ·m + g}, then {@code θ
 * −= lr·m}, or {@code θ −= lr·(g + μ·m)} with Nesterov's form. The rate is not part of {@code m},
 * as it is in Keras, so a change of it acts at once. Weight decay is added to the gradient.
 */
public record Momentum(double momentum, boolean nesterov, double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    var rate = Scalars.placeholder(tf);
    List<StateVariable> state = new ArrayList<>();
    List<Op> updates = new ArrayList<>();
    for (Parameter parameter : parameters) {
      StateVariable m = parameter.slot(tf, "momentum");
      state.add(m);
      updates.add(
          tf.train.resourceApplyMomentum(
              parameter.handle(),
              m.handle(),
              rate,
              parameter.decayedGradient(tf, weightDecay),
              tf.constant((float) momentum),
              ResourceApplyMomentum.useNesterov(nesterov)));
    }
    return new Updates(state, updates, (step, learningRate) -> Map.of(rate, (float) learningRate));
  }
}
