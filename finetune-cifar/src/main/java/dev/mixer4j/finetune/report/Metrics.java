package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Metrics of classified images, as scikit-learn defines them with {@code labels} all classes and
 * {@code zero_division=0}: 0/0 is 0, and a class without images counts in the macro averages of
 * precision, recall and F1, but not in those of the ROC curves.
 *
 * @param top5 share of images whose label is among the five highest scores
 * @param confusion [true class][predicted class], in images
 * @param macro means over the classes
 * @param weighted means over the classes, weighted with their images
 */
record Metrics(
    int images,
    double accuracy,
    @JsonProperty("top5_accuracy") double top5,
    double loss,
    @JsonProperty("confusion_matrix") int[][] confusion,
    List<ClassMetrics> classes,
    @JsonProperty("macro_average") Average macro,
    @JsonProperty("weighted_average") Average weighted,
    @JsonUnwrapped Calibration calibration,
    RocCurves roc) {

  /** A class's metrics; support is its number of images, auc the area under its ROC curve. */
  record ClassMetrics(
      String name, double precision, double recall, double f1, int support, double auc) {}

  record Average(double precision, double recall, double f1) {}

  static Metrics of(Classifications scores) {
    int classes = scores.classNames().size();
    int images = scores.images();
    int[][] confusion = new int[classes][classes];
    int correct = 0;
    int inTop5 = 0;
    for (int i = 0; i < images; i++) {
      confusion[scores.labels()[i]][scores.prediction(i)]++;
      correct += scores.isCorrect(i) ? 1 : 0;
      inTop5 += scores.rankOfLabel(i) < 5 ? 1 : 0;
    }
    RocCurves roc = RocCurves.of(scores);
    List<ClassMetrics> each = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      each.add(of(scores.classNames().get(c), confusion, c, roc.classes().get(c).auc()));
    }
    return new Metrics(
        images,
        (double) correct / images,
        (double) inTop5 / images,
        scores.loss(),
        confusion,
        List.copyOf(each),
        average(each, c -> 1.0 / classes),
        average(each, c -> (double) c.support() / images),
        Calibration.of(scores),
        roc);
  }

  private static ClassMetrics of(String name, int[][] confusion, int c, double auc) {
    int support = 0;
    int predicted = 0;
    for (int other = 0; other < confusion.length; other++) {
      support += confusion[c][other];
      predicted += confusion[other][c];
    }
    int found = confusion[c][c];
    double f1 = ratio(2.0 * found, predicted + support);
    return new ClassMetrics(name, ratio(found, predicted), ratio(found, support), f1, support, auc);
  }

  private static double ratio(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }

  private static Average average(List<ClassMetrics> classes, ToDoubleFunction<ClassMetrics> share) {
    return new Average(
        mean(classes, share, ClassMetrics::precision),
        mean(classes, share, ClassMetrics::recall),
        mean(classes, share, ClassMetrics::f1));
  }

  private static double mean(
      List<ClassMetrics> classes,
      ToDoubleFunction<ClassMetrics> share,
      ToDoubleFunction<ClassMetrics> value) {
    return classes.stream().mapToDouble(c -> share.applyAsDouble(c) * value.applyAsDouble(c)).sum();
  }
}
