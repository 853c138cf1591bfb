package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A receiver operating characteristic, with a point for each threshold as in scikit-learn's {@code
 * roc_curve} with {@code drop_intermediate=False}.
 *
 * @param falsePositiveRate ascending from 0 to 1; all NaN if there are no negatives
 * @param truePositiveRate ascending from 0 to 1; all NaN if there are no positives
 */
record RocCurve(double[] falsePositiveRate, double[] truePositiveRate) {

  /** Points of a mean curve, as in scikit-learn's example of multiclass ROC. */
  private static final int GRID = 1000;

  /** The curve of the scores of the class's images and of the others; both arrays are sorted. */
  static RocCurve of(double[] positives, double[] negatives) {
    Arrays.sort(positives);
    Arrays.sort(negatives);
    int capacity = positives.length + negatives.length + 1;
    double[] falsePositiveRate = new double[capacity];
    double[] truePositiveRate = new double[capacity];
    int points = 1;
    int p = positives.length;
    int n = negatives.length;
    while (p > 0 || n > 0) {
      double threshold =
          Math.max(
              p > 0 ? positives[p - 1] : Double.NEGATIVE_INFINITY,
              n > 0 ? negatives[n - 1] : Double.NEGATIVE_INFINITY);
      while (p > 0 && positives[p - 1] == threshold) {
        p--;
      }
      while (n > 0 && negatives[n - 1] == threshold) {
        n--;
      }
      falsePositiveRate[points] = (double) (negatives.length - n) / negatives.length;
      truePositiveRate[points] = (double) (positives.length - p) / positives.length;
      points++;
    }
    if (negatives.length == 0) {
      Arrays.fill(falsePositiveRate, Double.NaN);
    }
    if (positives.length == 0) {
      Arrays.fill(truePositiveRate, Double.NaN);
    }
    return new RocCurve(
        Arrays.copyOf(falsePositiveRate, points), Arrays.copyOf(truePositiveRate, points));
  }

  /** The mean of defined curves, each interpolated linearly; all NaN if there are none. */
  static RocCurve mean(List<RocCurve> curves) {
    double[] rates = new double[GRID];
    double[] means = new double[GRID];
    for (int i = 0; i < GRID; i++) {
      double rate = (double) i / (GRID - 1);
      rates[i] = rate;
      means[i] = curves.stream().mapToDouble(curve -> curve.at(rate)).average().orElse(Double.NaN);
    }
    return new RocCurve(rates, means);
  }

  /** As NumPy's interp: the upper end of a vertical rise. */
  private double at(double rate) {
    int last = falsePositiveRate.length - 1;
    int found = Arrays.binarySearch(falsePositiveRate, rate);
    int low = found < 0 ? -found - 2 : found;
    while (low < last && falsePositiveRate[low + 1] <= rate) {
      low++;
    }
    if (low == last) {
      return truePositiveRate[last];
    }
    double width = falsePositiveRate[low + 1] - falsePositiveRate[low];
    double rise = truePositiveRate[low + 1] - truePositiveRate[low];
    return truePositiveRate[low] + rise / width * (rate - falsePositiveRate[low]);
  }

  /** Whether there are positives and negatives. */
  boolean isDefined() {
    return !Double.isNaN(auc());
  }

  /** Area under the curve, by trapezoids; NaN if the curve is not defined. */
  double auc() {
    double area = 0;
    for (int i = 1; i < falsePositiveRate.length; i++) {
      area +=
          (falsePositiveRate[i] - falsePositiveRate[i - 1])
              * (truePositiveRate[i] + truePositiveRate[i - 1])
              / 2;
    }
    return area;
  }

  /** Fewer points, at least a 400th apart, which look the same in a picture. */
  RocCurve thinned() {
    int last = falsePositiveRate.length - 1;
    List<Integer> kept = new ArrayList<>(List.of(0));
    int before = 0;
    for (int i = 1; i <= last; i++) {
      double way = falsePositiveRate[i] - falsePositiveRate[before] + truePositiveRate[i];
      if (way - truePositiveRate[before] >= 1 / 400.0 || i == last) {
        kept.add(i);
        before = i;
      }
    }
    return new RocCurve(
        kept.stream().mapToDouble(i -> falsePositiveRate[i]).toArray(),
        kept.stream().mapToDouble(i -> truePositiveRate[i]).toArray());
  }

  /** The JSON form, thinned and rounded to a millionth; the area is that of the whole curve. */
  private record Points(
      double auc,
      @JsonInclude(JsonInclude.Include.NON_NULL) double[] falsePositiveRate,
      @JsonInclude(JsonInclude.Include.NON_NULL) double[] truePositiveRate) {}

  @JsonValue
  private Points toJson() {
    if (!isDefined()) {
      return new Points(auc(), null, null);
    }
    RocCurve thinned = thinned();
    return new Points(auc(), rounded(thinned.falsePositiveRate), rounded(thinned.truePositiveRate));
  }

  private static double[] rounded(double[] rates) {
    return Arrays.stream(rates).map(rate -> Math.round(1e6 * rate) / 1e6).toArray();
  }
}
