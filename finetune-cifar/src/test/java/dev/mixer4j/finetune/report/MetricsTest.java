package dev.mixer4j.finetune.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fixtures: tools/reference/make_metrics_fixture.py. */
class MetricsTest {

  private static final Offset<Double> EXACTLY = Offset.offset(1e-12);

  @ParameterizedTest
  @ValueSource(strings = {"ten_classes", "two_classes", "ties", "absent_classes", "one_class_only"})
  void agreesWithScikitLearn(String name) throws IOException {
    JsonNode fixture;
    try (InputStream in =
        MetricsTest.class.getResourceAsStream("/fixtures/metrics/" + name + ".json")) {
      fixture = new JsonMapper().readTree(in);
    }
    Metrics metrics = Metrics.of(scores(fixture));
    JsonNode expected = fixture.get("expected");
    close(metrics.accuracy(), expected.get("accuracy"));
    // torchmetrics adds up in float32.
    assertThat(metrics.calibration().error())
        .isCloseTo(expected.get("calibration_error").asDouble(), Offset.offset(2e-7));
    close(metrics.top5(), expected.get("top5"));
    close(metrics.loss(), expected.get("loss"));
    assertThat(new JsonMapper().valueToTree(metrics.confusion()).toString())
        .isEqualTo(expected.get("confusion").toString());
    for (int c = 0; c < metrics.classes().size(); c++) {
      Metrics.ClassMetrics each = metrics.classes().get(c);
      JsonNode values = expected.get("classes");
      close(each.precision(), values.get(0).get(c));
      close(each.recall(), values.get(1).get(c));
      close(each.f1(), values.get(2).get(c));
      assertThat(each.support()).isEqualTo(values.get(3).get(c).asInt());
      close(each.auc(), expected.get("auc").get(c));
    }
    average(metrics.macro(), expected.get("macro"));
    average(metrics.weighted(), expected.get("weighted"));
    close(metrics.roc().meanAuc(), expected.get("auc_mean"));
    close(metrics.roc().micro().auc(), expected.get("auc_micro"));
    close(metrics.roc().macro().auc(), expected.get("auc_macro"));
    RocCurve first = metrics.roc().classes().get(0);
    close(first.falsePositiveRate(), expected.get("curve_of_class_0").get(0));
    close(first.truePositiveRate(), expected.get("curve_of_class_0").get(1));
    double[] mean = metrics.roc().macro().truePositiveRate();
    close(
        IntStream.range(0, 10).mapToDouble(i -> mean[111 * i]).toArray(),
        expected.get("macro_every_111th"));
  }

  private static Classifications scores(JsonNode fixture) {
    int[] labels = new JsonMapper().convertValue(fixture.get("labels"), int[].class);
    float[][] values = new JsonMapper().convertValue(fixture.get("scores"), float[][].class);
    List<String> names = IntStream.range(0, values[0].length).mapToObj(c -> "class " + c).toList();
    return fixture.get("kind").asText().equals("logits")
        ? Classifications.ofLogits(labels, values, names)
        : ofProbabilities(labels, values, names);
  }

  /** As in scikit-learn's {@code log_loss}, no probability is below 2⁻⁵² or above 1 − 2⁻⁵². */
  private static Classifications ofProbabilities(
      int[] labels, float[][] values, List<String> names) {
    double epsilon = Math.ulp(1.0);
    double[][] probabilities = new double[values.length][names.size()];
    double loss = 0;
    for (int i = 0; i < values.length; i++) {
      for (int c = 0; c < values[i].length; c++) {
        probabilities[i][c] = values[i][c];
      }
      loss -= Math.log(Math.max(epsilon, Math.min(1 - epsilon, probabilities[i][labels[i]])));
    }
    return new Classifications(labels, values, probabilities, loss / labels.length, names);
  }

  private static void average(Metrics.Average average, JsonNode expected) {
    close(average.precision(), expected.get(0));
    close(average.recall(), expected.get(1));
    close(average.f1(), expected.get(2));
  }

  private static void close(double[] found, JsonNode expected) {
    assertThat(found).hasSize(expected.size());
    for (int i = 0; i < found.length; i++) {
      close(found[i], expected.get(i));
    }
  }

  /** Null in the fixture, as in our own JSON, is what is not defined. */
  private static void close(double found, JsonNode expected) {
    if (expected.isNull()) {
      assertThat(found).isNaN();
    } else {
      assertThat(found).isCloseTo(expected.asDouble(), EXACTLY);
    }
  }

  @Test
  void areaIsTheShareOfPairsInOrder() {
    Random random = new Random(3);
    double[] positives = random.ints(40, 2, 12).asDoubleStream().toArray();
    double[] negatives = random.ints(60, 0, 10).asDoubleStream().toArray();
    double inOrder = 0;
    for (double p : positives) {
      for (double n : negatives) {
        inOrder += p > n ? 1 : p == n ? 0.5 : 0;
      }
    }
    RocCurve curve = RocCurve.of(positives, negatives);
    assertThat(curve.auc()).isCloseTo(inOrder / 2400, EXACTLY);
  }

  @Test
  void thinnedCurvesKeepTheirShapeAndEnds() {
    Random random = new Random(4);
    double[] positives = random.doubles(20_000).map(Math::sqrt).toArray();
    RocCurve curve = RocCurve.of(positives, random.doubles(30_000).toArray());
    RocCurve thinned = curve.thinned();
    assertThat(thinned.falsePositiveRate()).hasSizeBetween(400, 801).startsWith(0).endsWith(1);
    assertThat(thinned.truePositiveRate()).startsWith(0).endsWith(1);
    assertThat(thinned.auc()).isCloseTo(curve.auc(), Offset.offset(1e-5));
  }

  @Test
  void logitsTooFarApartForExpStayFinite() {
    float[][] logits = {{1000, -1000}, {-1e30f, 1e30f}};
    Classifications scores = Classifications.ofLogits(new int[] {1, 1}, logits, List.of("a", "b"));
    assertThat(scores.loss()).isEqualTo(1000);
    assertThat(scores.probabilities()[1][1]).isEqualTo(1);
  }

  @Test
  void equalScoresGoToTheFirstClass() {
    float[][] zeros = new float[10][10];
    int[] labels = {0, 0, 0, 1, 4, 5, 6, 7, 8, 9};
    List<String> names = IntStream.range(0, 10).mapToObj(String::valueOf).toList();
    Metrics metrics = Metrics.of(Classifications.ofLogits(labels, zeros, names));
    assertThat(metrics.accuracy()).isEqualTo(0.3);
    assertThat(metrics.top5()).isEqualTo(0.5);
    assertThat(metrics.roc().classes()).allMatch(curve -> !curve.isDefined() || curve.auc() == 0.5);
  }

  @Test
  void refusesScoresThatAreNone() {
    List<String> names = List.of("a", "b");
    int[] label = {0};
    assertThatThrownBy(() -> Classifications.ofLogits(label, new float[][] {{0, Float.NaN}}, names))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("image 0, class 1: expected a finite score, found NaN");
    assertThatThrownBy(() -> Classifications.ofLogits(new int[0], new float[0][], names))
        .isInstanceOf(MixerException.class);
    assertThatThrownBy(() -> Classifications.ofLogits(new int[] {2}, new float[][] {{0, 1}}, names))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
