package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Tieleman &amp; Hinton's rule (2012) as {@code torch.optim.RMSprop}, not centered: {@code s = α·s
 * + (1−α)·g²}, then {@code θ −= lr·g / (√s + ε)}; with momentum {@code m = μ·m + g / (√s + ε)},
 * then {@code θ −= lr·m}. TensorFlow's kernel adds epsilon inside the root and keeps the rate
 * inside {@code m}, so this is made of plain operations. Weight decay is added to the gradient.
 */
public record RmsProp(double alpha, double epsilon, double momentum, double weightDecay)
    implements Optimizer {

  @Override
  public Updates build(Ops tf, List<Parameter> parameters) {
    return Updates.ofEach(
        tf, parameters, (parameter, rate, state) -> updates(tf, parameter, rate, state));
  }

  private List<Op> updates(
      Ops tf, Parameter parameter, Operand<TFloat32> rate, List<StateVariable> state) {
    List<Op> updates = new ArrayList<>();
    Operand<TFloat32> gradient = parameter.decayedGradient(tf, weightDecay);
    StateVariable meanSquare = parameter.slot(tf, "rmsprop_square", state);
    Operand<TFloat32> square =
        tf.math.add(
            scale(tf, meanSquare.read(tf), alpha), scale(tf, tf.math.square(gradient), 1 - alpha));
    updates.add(tf.assignVariableOp(meanSquare.handle(), square));
    Operand<TFloat32> root = tf.math.add(tf.math.sqrt(square), tf.constant((float) epsilon));
    Operand<TFloat32> direction = tf.math.div(gradient, root);
    if (momentum != 0) {
      StateVariable m = parameter.slot(tf, "rmsprop_momentum", state);
      direction = tf.math.add(scale(tf, m.read(tf), momentum), direction);
      updates.add(tf.assignVariableOp(m.handle(), direction));
    }
    updates.add(tf.assignSubVariableOp(parameter.handle(), tf.math.mul(direction, rate)));
    return updates;
  }

  private static Operand<TFloat32> scale(Ops tf, Operand<TFloat32> x, double factor) {
    return tf.math.mul(x, tf.constant((float) factor));
  }
}
