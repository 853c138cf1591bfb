package dev.mixer4j.finetune.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.LongStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;

class MixupTest {

  private static final int DRAWS = 400_000;

  private static double[] draws(double alpha) {
    Mixup mixup = new Mixup(alpha);
    return LongStream.rangeClosed(1, DRAWS).mapToDouble(step -> mixup.lambda(9, step)).toArray();
  }

  /** Where the Beta distribution function has a closed form: below, at and above one. */
  @Test
  void sharesAreBetaDistributed() {
    assertDistribution(0.5, x -> 2 / Math.PI * Math.asin(Math.sqrt(x)));
    assertDistribution(1, x -> x);
    assertDistribution(2, x -> x * x * (3 - 2 * x));
    assertDistribution(3, x -> x * x * x * (10 - 15 * x + 6 * x * x));
  }

  private static void assertDistribution(double alpha, DoubleUnaryOperator function) {
    double[] sorted = draws(alpha);
    Arrays.sort(sorted);
    double distance = 0;
    for (int i = 0; i < DRAWS; i++) {
      double share = function.applyAsDouble(sorted[i]);
      distance = Math.max(distance, Math.abs(share - (i + 0.5) / DRAWS));
    }
    // Kolmogorov and Smirnov's test would fail one right sampler in a million.
    assertThat(distance).as("alpha %s", alpha).isLessThan(2.7 / Math.sqrt(DRAWS));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-4, 0.05, 0.2, 0.8, 10, 500})
  void meanAndVarianceAreBetas(double alpha) {
    double[] draws = draws(alpha);
    assertThat(Arrays.stream(draws).filter(draw -> !(draw >= 0 && draw <= 1))).isEmpty();
    double mean = 0;
    double variance = 0;
    for (double draw : draws) {
      mean += draw / DRAWS;
      variance += (draw - 0.5) * (draw - 0.5) / DRAWS;
    }
    double wanted = 1 / (4 * (2 * alpha + 1));
    assertThat(mean).isCloseTo(0.5, Offset.offset(5 * Math.sqrt(wanted / DRAWS)));
    assertThat(variance).isCloseTo(wanted, Offset.offset(5 * wanted * Math.sqrt(2.0 / DRAWS)));
  }

  @Test
  void dependsOnSeedAndStepAlone() {
    Mixup mixup = new Mixup(0.5);
    assertThat(mixup.lambda(1, 7)).isEqualTo(new Mixup(0.5).lambda(1, 7));
    assertThat(mixup.lambda(1, 7)).isNotEqualTo(mixup.lambda(1, 8));
    assertThat(mixup.lambda(1, 7)).isNotEqualTo(mixup.lambda(2, 7));
  }

  /** These very numbers, so that a run of an earlier release can be repeated and resumed. */
  @Test
  void staysTheSameFromReleaseToRelease() {
    Mixup mixup = new Mixup(0.5);
    assertThat(new float[] {mixup.lambda(1024, 1), mixup.lambda(1024, 2)})
        .usingComparatorWithPrecision(1e-6f)
        .containsExactly(0.9319706f, 0.9266935f);
  }

  @Test
  void blendsWithTheReversedBatch() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var batch = tf.constant(new float[][] {{1, 10}, {2, 20}, {4, 40}});
      var blended = Mixup.blend(tf, batch, tf.constant(0.75f));
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(blended).run()) {
        assertThat(StdArrays.array2dCopyOf((FloatNdArray) result.get(0)))
            .isDeepEqualTo(new float[][] {{1.75f, 17.5f}, {2, 20}, {3.25f, 32.5f}});
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void impossibleAlphasAreRefused(double alpha) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Mixup(alpha))
        .withMessageContaining("alpha");
  }
}
