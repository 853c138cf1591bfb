package dev.mixer4j.core;

import java.util.Arrays;

/**
 * Functions of the logits of one image: class, probabilities and loss, in double precision.
 *
 * <pre>{@code
 * float[] logits = classifier.logits(images)[0];
 * int best = Logits.argMax(logits);
 * double probability = Logits.softmax(logits)[best];
 * }</pre>
 */
public final class Logits {

  private Logits() {}

  /**
   * {@return the index of the largest logit, the first one if there are several}
   *
   * @param logits of one image, [classes], at least one
   */
  public static int argMax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /**
   * {@return the probability of each class: the softmax of the logits}
   *
   * @param logits of one image, [classes], at least one
   */
  public static double[] softmax(float[] logits) {
    double[] exponentials = exponentials(logits);
    double sum = Arrays.stream(exponentials).sum();
    return Arrays.stream(exponentials).map(e -> e / sum).toArray();
  }

  /**
   * {@return the cross-entropy of an image, the negative logarithm of its label's probability}
   *
   * @param logits of one image, [classes]
   * @param label the index of the right class
   */
  public static double crossEntropy(float[] logits, int label) {
    double sum = Arrays.stream(exponentials(logits)).sum();
    return logits[argMax(logits)] + Math.log(sum) - logits[label];
  }

  /** Relative to the largest, which keeps them finite. */
  private static double[] exponentials(float[] logits) {
    double max = logits[argMax(logits)];
    double[] exponentials = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      exponentials[i] = Math.exp(logits[i] - max);
    }
    return exponentials;
  }
}
