package dev.mixer4j.finetune.report;

import dev.mixer4j.core.Logits;
import dev.mixer4j.core.MixerException;
import java.util.List;

/** What a network answered for labelled images: the input of all that is measured and drawn. */
public final class Classifications {

  private final int[] labels;
  private final float[][] values;
  private final double[][] probabilities;
  private final double loss;
  private final List<String> classNames;

  private Classifications(
      int[] labels,
      float[][] values,
      double[][] probabilities,
      double loss,
      List<String> classNames) {
    this.labels = labels;
    this.values = values;
    this.probabilities = probabilities;
    this.loss = loss;
    this.classNames = classNames;
  }

  /**
   * Takes a network's logits; their softmax and the cross-entropy are computed in double precision.
   *
   * @param labels [images], each below the number of classes
   * @param logits [images][classes]
   * @param classNames one for each class
   * @throws MixerException if there are no images, or a logit is not finite
   */
  public static Classifications ofLogits(int[] labels, float[][] logits, List<String> classNames) {
    check(labels, logits, classNames);
    double[][] probabilities = new double[logits.length][];
    double loss = 0;
    for (int i = 0; i < logits.length; i++) {
      loss += Logits.crossEntropy(logits[i], labels[i]);
      probabilities[i] = Logits.softmax(logits[i]);
    }
    return new Classifications(
        labels, logits, probabilities, loss / labels.length, List.copyOf(classNames));
  }

  /**
   * Takes probabilities as they are; they are not made to add up to 1. As in scikit-learn's {@code
   * log_loss}, the loss takes none for less than 2⁻⁵² or more than 1 − 2⁻⁵².
   *
   * @param labels [images], each below the number of classes
   * @param values [images][classes], in [0, 1]
   * @param classNames one for each class
   * @throws MixerException if there are no images, or a value is outside [0, 1]
   */
  public static Classifications ofProbabilities(
      int[] labels, float[][] values, List<String> classNames) {
    check(labels, values, classNames);
    double epsilon = Math.ulp(1.0);
    double[][] probabilities = new double[values.length][classNames.size()];
    double loss = 0;
    for (int i = 0; i < values.length; i++) {
      for (int c = 0; c < values[i].length; c++) {
        if (values[i][c] < 0 || values[i][c] > 1) {
          throw new MixerException(
              "image %d, class %d: expected a probability in [0, 1], found %s"
                  .formatted(i, c, values[i][c]));
        }
        probabilities[i][c] = values[i][c];
      }
      loss -= Math.log(Math.max(epsilon, Math.min(1 - epsilon, probabilities[i][labels[i]])));
    }
    return new Classifications(
        labels, values, probabilities, loss / labels.length, List.copyOf(classNames));
  }

  private static void check(int[] labels, float[][] values, List<String> classNames) {
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

  /** The class of the highest score; the first of equals, as NumPy and PyTorch have it. */
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
   * Place of the true class among all, 0 for the highest score. Of equal scores the first class
   * comes first, so that place 0 is {@link #prediction}; scikit-learn's {@code
   * top_k_accuracy_score} has the last come first.
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
