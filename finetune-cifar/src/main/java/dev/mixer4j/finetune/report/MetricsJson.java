package dev.mixer4j.finetune.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Metrics as JSON, in full precision but for the curves; what is not defined is null. */
final class MetricsJson {

  private MetricsJson() {}

  static ObjectNode of(Metrics metrics) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("images", metrics.images())
        .put("accuracy", metrics.accuracy())
        .put("top5_accuracy", metrics.top5())
        .put("loss", metrics.loss());
    ArrayNode classes = root.putArray("classes");
    for (Metrics.ClassMetrics each : metrics.classes()) {
      ObjectNode node = classes.addObject();
      node.put("name", each.name())
          .put("precision", each.precision())
          .put("recall", each.recall())
          .put("f1", each.f1())
          .put("support", each.support());
      put(node, "auc", each.auc());
    }
    root.set("macro_average", of(metrics.macro()));
    root.set("weighted_average", of(metrics.weighted()));
    ArrayNode confusion = root.putArray("confusion_matrix");
    for (int[] row : metrics.confusion()) {
      ArrayNode counts = confusion.addArray();
      for (int count : row) {
        counts.add(count);
      }
    }
    root.set("roc", of(metrics.roc()));
    return root;
  }

  private static ObjectNode of(Metrics.Average average) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("precision", average.precision())
        .put("recall", average.recall())
        .put("f1", average.f1());
  }

  /** Curves are thinned and rounded to a millionth, areas are those of the whole curves. */
  private static ObjectNode of(RocCurves roc) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, "mean_auc", roc.meanAuc());
    node.set("micro", of(roc.micro()));
    node.set("macro", of(roc.macro()));
    ArrayNode classes = node.putArray("classes");
    roc.classes().forEach(curve -> classes.add(of(curve)));
    return node;
  }

  private static ObjectNode of(RocCurve curve) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    put(node, "auc", curve.auc());
    if (curve.isDefined()) {
      RocCurve thinned = curve.thinned();
      ArrayNode x = node.putArray("false_positive_rate");
      ArrayNode y = node.putArray("true_positive_rate");
      for (int i = 0; i < thinned.falsePositiveRate().length; i++) {
        x.add(rounded(thinned.falsePositiveRate()[i]));
        y.add(rounded(thinned.truePositiveRate()[i]));
      }
    }
    return node;
  }

  private static double rounded(double rate) {
    return Math.round(1e6 * rate) / 1e6;
  }

  private static void put(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }
}
