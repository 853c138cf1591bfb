package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The ROC curve of each class against all others, and their averages.
 *
 * @param classes not defined for a class of no image, or of every image
 * @param micro over all pairs of an image and a class
 * @param macro the mean of the defined curves
 */
record RocCurves(List<RocCurve> classes, RocCurve micro, RocCurve macro) {

  static RocCurves of(Classifications scores) {
    int classes = scores.classNames().size();
    List<RocCurve> each = IntStream.range(0, classes).mapToObj(c -> of(scores, c, c + 1)).toList();
    return new RocCurves(
        each,
        of(scores, 0, classes),
        RocCurve.mean(each.stream().filter(RocCurve::isDefined).toList()));
  }

  /** Pairs all images with the classes {@code from} to {@code to} (exclusive). */
  private static RocCurve of(Classifications scores, int from, int to) {
    int pairs = Math.multiplyExact(scores.images(), to - from);
    double[] positives = new double[Math.min(scores.images(), pairs)];
    double[] negatives = new double[pairs];
    int p = 0;
    int n = 0;
    for (int i = 0; i < scores.images(); i++) {
      for (int c = from; c < to; c++) {
        double probability = scores.probabilities()[i][c];
        if (scores.labels()[i] == c) {
          positives[p++] = probability;
        } else {
          negatives[n++] = probability;
        }
      }
    }
    return RocCurve.of(Arrays.copyOf(positives, p), Arrays.copyOf(negatives, n));
  }

  /** Mean area under the classes' defined curves; NaN if there are none. */
  @JsonProperty
  double meanAuc() {
    return classes.stream()
        .mapToDouble(RocCurve::auc)
        .filter(auc -> !Double.isNaN(auc))
        .average()
        .orElse(Double.NaN);
  }
}
