package dev.mixer4j.finetune.optim;

import java.util.List;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.ResourceApplyMomentum;

/**
 * Polyak's heavy ball as {@code torch.optim.SGD} with dampening 0: {@code m = μ·m + g}, then {@code
 * θ −= lr·m}, or {@code θ −= lr·(g + μ·m)} in Nesterov's form. The rate stays out of {@code m}, so
 * that a change of it acts at once; Keras's kernel keeps it inside. Weight decay is added to the
 * gradient.
 */
public record Momentum(double momentum, boolean nesterov, double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    return Updates.ofEach(
        tf,
        parameters,
        (parameter, rate, state) ->
            List.of(
                tf.train.resourceApplyMomentum(
                    parameter.handle(),
                    parameter.slot(tf, "momentum", state).handle(),
                    rate,
                    parameter.decayedGradient(tf, weightDecay),
                    tf.constant((float) momentum),
                    ResourceApplyMomentum.useNesterov(nesterov))));
  }
}
