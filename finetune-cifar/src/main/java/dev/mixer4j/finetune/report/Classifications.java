package dev.mixer4j.finetune.report;

import dev.mixer4j.core.Logits;
import dev.mixer4j.core.MixerException;
import java.util.List;

/**
 * The scores that a network gave to labelled images: the input of all metrics and pictures.
 *
 * @param values the scores, [images][classes]
 * @param loss mean cross-entropy
 */
public record Classifications(
    int[] labels,
    float[][] values,
    double[][] probabilities,
    double loss,
    List<String> classNames) {

  /**
   * Takes the logits [images][classes]; probabilities and loss are computed in double precision.
   * {@link MixerException} if there are no images, or a logit is not finite.
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

  static void check(int[] labels, float[][] values, List<String> classNames) {
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
              "image %d, class %d: expected a finite score, found %s; are the weights damaged?"
                  .formatted(i, c, values[i][c]));
        }
      }
    }
  }

  public int images() {
    return labels.length;
  }

  /** The class of the highest score; the first of equals, as in NumPy and PyTorch. */
  public int prediction(int image) {
    return Logits.argMax(values[image]);
  }

  public boolean isCorrect(int image) {
    return prediction(image) == labels[image];
  }

  /**
   * The rank of the true class, 0 for the highest score. Of equal scores the first class comes
   * first, unlike in scikit-learn's {@code top_k_accuracy_score}.
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
