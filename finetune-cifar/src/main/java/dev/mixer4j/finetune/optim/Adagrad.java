package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;

/**
 * Adagrad (Duchi, Hazan &amp; Singer, JMLR 12, 2011) as {@code torch.optim.Adagrad}: {@code s +=
 * g²}, then {@code θ −= lr·g / (√s + ε)}, with {@code s} from 0 (TensorFlow's and Keras's
 * optimizers start at 0.1). Weight decay is added to the gradient.
 */
public record Adagrad(double epsilon, double weightDecay) implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    var rate = Scalars.placeholder(tf);
    List<StateVariable> state = new ArrayList<>();
    List<Op> updates = new ArrayList<>();
    for (Parameter parameter : parameters) {
      StateVariable sum = parameter.slot(tf, "adagrad_sum");
      state.add(sum);
      // This is TensorFlow's ResourceApplyAdagradV2, which adds epsilon to the root.
      updates.add(
          tf.train.resourceApplyAdagrad(
              parameter.handle(),
              sum.handle(),
              rate,
              tf.constant((float) epsilon),
              parameter.decayedGradient(tf, weightDecay)));
    }
    return new Updates(state, updates, (step, learningRate) -> Map.of(rate, (float) learningRate));
  }
}
