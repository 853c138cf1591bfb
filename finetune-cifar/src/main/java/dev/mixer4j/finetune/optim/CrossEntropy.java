package dev.mixer4j.finetune.optim;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** The loss, for targets that need not be one class each. */
public final class CrossEntropy {

  private CrossEntropy() {}

  /**
   * One-hot targets with label smoothing (arXiv 1512.00567, section 7) as PyTorch's {@code
   * CrossEntropyLoss} has it: the smoothed share is spread over all classes, the right one
   * included.
   *
   * @param labels [batch] int32
   * @param smoothing the share to spread, in [0, 1); 0 for none
   * @return [batch, classes] float32, each row adding up to 1
   */
  public static Operand<TFloat32> targets(
      Ops tf, Operand<TInt32> labels, int classes, double smoothing) {
    double each = smoothing / classes;
    return tf.oneHot(
        labels,
        tf.constant(classes),
        tf.constant((float) (1 - smoothing + each)),
        tf.constant((float) each));
  }

  /**
   * The batch's mean of {@code −Σ target · log softmax(logits)}.
   *
   * @param targets [batch, classes] float32
   * @param logits [batch, classes] float32
   * @return a scalar
   */
  public static Operand<TFloat32> mean(
      Ops tf, Operand<TFloat32> targets, Operand<TFloat32> logits) {
    // Of TensorFlow's operations for this, the one for whole-number labels has no gradient here.
    Operand<TFloat32> each = tf.nn.softmaxCrossEntropyWithLogits(logits, targets).loss();
    return tf.math.mean(each, tf.constant(0));
  }
}
