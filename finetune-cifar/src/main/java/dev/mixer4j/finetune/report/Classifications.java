package dev.mixer4j.finetune.report;

import dev.mixer4j.core.Logits;
import dev.mixer4j.core.MixerException;
import java.util.List;

/** A network's scores of labelled images, which all metrics and pictures are made from. */
public final class Classifications {

  private final int[] labels;
  private final float[][] values;
  private final double[][] probabilities;
  private double loss;
  private final List<String> classNames;

  private Classifications(int[] labels, float[][] values, List<String> classNames) {
    int classes = classNames.size();
    if (labels.length != values.length) {
      throw new IllegalArgumentException(
          "%d labels for %d rows of scores".formatted(labels.length, values.length));
    }
    if (labels.length == 0 || classes == 0) {
      throw new MixerException("expected at least one image and one class, found none");
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i].length != classes || labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "image %d: %d scores and label %d for %d classes"
                .formatted(i, values[i].length, labels[i], classes));
      }
      for (int c = 0; c < classes; c++) {
        if (!Float.isFinite(values[i][c])) {
          throw new MixerException(
              "image %d, class %d: expected a finite score, found %s; are the weights sound?"
                  .formatted(i, c, values[i][c]));
        }
      }
    }
    this.labels = labels;
    this.values = values;
    this.probabilities = new double[labels.length][classes];
    this.classNames = List.copyOf(classNames);
  }

  /**
   * Takes a network's logits, [images][classes]; softmax and cross-entropy are computed in double
   * precision.
   *
   * @param labels [images], each below the number of classes
   * @throws MixerException if there are no images, or a logit is not finite
   */
  public static Classifications ofLogits(int[] labels, float[][] logits, List<String> classNames) {
    Classifications scores = new Classifications(labels, logits, classNames);
    for (int i = 0; i < labels.length; i++) {
      scores.probabilities[i] = Logits.softmax(logits[i]);
      scores.loss += Logits.crossEntropy(logits[i], labels[i]);
    }
    scores.loss /= labels.length;
    return scores;
  }

  /**
   * Takes probabilities, [images][classes], without scaling them to a sum of 1. As in
   * scikit-learn's {@code log_loss}, the loss clips them to [2⁻⁵², 1 − 2⁻⁵²].
   *
   * @throws MixerException if there are no images, or a value is outside [0, 1]
   */
  static Classifications ofProbabilities(int[] labels, float[][] values, List<String> classNames) {
    Classifications scores = new Classifications(labels, values, classNames);
    double epsilon = Math.ulp(1.0);
    for (int i = 0; i < values.length; i++) {
      for (int c = 0; c < values[i].length; c++) {
        if (values[i][c] < 0 || values[i][c] > 1) {
          throw new MixerException(
              "image %d, class %d: expected a probability in [0, 1], found %s"
                  .formatted(i, c, values[i][c]));
        }
        scores.probabilities[i][c] = values[i][c];
      }
      double own = Math.max(epsilon, Math.min(1 - epsilon, scores.probability(i, labels[i])));
      scores.loss -= Math.log(own);
    }
    scores.loss /= labels.length;
    return scores;
  }

  public int images() {
    return labels.length;
  }

  public List<String> classNames() {
    return classNames;
  }

  public int label(int image) {
    return labels[image];
  }

  /** The class of the highest score, the first one of several, as in NumPy and PyTorch. */
  public int prediction(int image) {
    return Logits.argMax(values[image]);
  }

  public boolean isCorrect(int image) {
    return prediction(image) == labels[image];
  }

  public double probability(int image, int classIndex) {
    return probabilities[image][classIndex];
  }

  /** Mean cross-entropy. */
  public double loss() {
    return loss;
  }

  /**
   * Rank of the true class, 0 for the highest score. The first of equal scores comes first, so that
   * rank 0 is {@link #prediction}; in scikit-learn's {@code top_k_accuracy_score} the last does.
   */
  public int rankOfLabel(int image) {
    float[] row = values[image];
    float own = row[labels[image]];
    int rank = 0;
    for (int c = 0; c < row.length; c++) {
      rank += row[c] > own || row[c] == own && c < labels[image] ? 1 : 0;
    }
    return rank;
  }
}
