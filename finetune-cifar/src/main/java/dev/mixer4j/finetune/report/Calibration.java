package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.mixer4j.finetune.chart.SvgReliability.Bar;
import java.util.ArrayList;
import java.util.List;

/**
 * How well the confidence of predictions, the probability of the predicted class, agrees with their
 * accuracy, in bins of equal width (Guo et al., "On Calibration of Modern Neural Networks", 2017).
 *
 * @param error the expected calibration error: the mean over the images of |accuracy − confidence|
 *     of their bins, as torchmetrics computes it with the norm l1
 */
record Calibration(
    @JsonProperty("expected_calibration_error") double error,
    @JsonProperty("calibration_bins") List<Bar> bins) {

  private static final int BINS = 15;

  static Calibration of(Classifications scores) {
    int[] images = new int[BINS];
    int[] correct = new int[BINS];
    double[] confidence = new double[BINS];
    for (int i = 0; i < scores.images(); i++) {
      double own = scores.probabilities()[i][scores.prediction(i)];
      int bin = Math.min(BINS - 1, (int) (own * BINS));
      images[bin]++;
      correct[bin] += scores.isCorrect(i) ? 1 : 0;
      confidence[bin] += own;
    }
    List<Bar> bars = new ArrayList<>();
    double error = 0;
    for (int b = 0; b < BINS; b++) {
      error += Math.abs(correct[b] - confidence[b]) / scores.images();
      bars.add(
          new Bar(
              (double) b / BINS,
              (double) (b + 1) / BINS,
              images[b],
              confidence[b] / images[b],
              (double) correct[b] / images[b]));
    }
    return new Calibration(error, List.copyOf(bars));
  }
}
