package dev.mixer4j.finetune.optim;

import dev.mixer4j.core.Logits;
import java.util.Locale;
import java.util.stream.IntStream;
import org.tensorflow.Operand;
import org.tensorflow.framework.losses.CategoricalCrossentropy;
import org.tensorflow.framework.losses.MeanSquaredError;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** The loss that training minimizes; targets may have several classes. */
public enum Loss {
  /** Softmax cross-entropy, {@code −Σ target · log softmax(logits)}. */
  CROSS_ENTROPY,
  /** The mean of the squared differences between logits and targets. */
  MSE;

  /** The mean over a batch, a scalar. Targets and logits are [batch, classes] float32. */
  public Operand<TFloat32> mean(Ops tf, Operand<TFloat32> targets, Operand<TFloat32> logits) {
    return this == CROSS_ENTROPY
        ? new CategoricalCrossentropy(true).call(tf, targets, logits)
        : new MeanSquaredError().call(tf, targets, logits);
  }

  private double of(float[] logits, int label) {
    if (this == CROSS_ENTROPY) {
      return Logits.crossEntropy(logits, label);
    }
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      double difference = logits[c] - (c == label ? 1 : 0);
      sum += difference * difference;
    }
    return sum / logits.length;
  }

  /** The mean over a batch, in double precision. */
  public double mean(float[][] logits, int[] labels) {
    return IntStream.range(0, labels.length)
        .mapToDouble(i -> of(logits[i], labels[i]))
        .average()
        .orElse(Double.NaN);
  }

  /**
   * Targets [batch, classes] float32 of labels [batch], with label smoothing (arXiv 1512.00567,
   * section 7) as in PyTorch: the share is spread over all classes, including the right one.
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

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
