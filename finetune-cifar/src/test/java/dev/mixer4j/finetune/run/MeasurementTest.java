package dev.mixer4j.finetune.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.Loss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.tensorflow.types.TUint8;

class MeasurementTest {

  private static final Offset<Double> CLOSE = Offset.offset(1e-9);

  @Test
  void crossEntropyIsTheNegativeLogOfTheLabelsShare() {
    float[][] logits = {{1, 2, 3}, {0, 0, 0}};
    double first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 2;
    assertThat(Loss.CROSS_ENTROPY.mean(logits, new int[] {1, 2}))
        .isCloseTo((first + Math.log(3)) / 2, CLOSE);
  }

  @Test
  void crossEntropyOfHugeLogitsStaysFinite() {
    assertThat(Loss.CROSS_ENTROPY.mean(new float[][] {{1e30f, 0}}, new int[] {0})).isZero();
    assertThat(Loss.CROSS_ENTROPY.mean(new float[][] {{0, -1000}}, new int[] {1})).isEqualTo(1000);
  }

  @Test
  void crossEntropyOfBrokenLogitsIsNotFinite() {
    for (float broken : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThat(Loss.CROSS_ENTROPY.mean(new float[][] {{broken, 0}}, new int[] {0})).isNaN();
      assertThat(Loss.CROSS_ENTROPY.mean(new float[][] {{0, broken}}, new int[] {0})).isNaN();
    }
  }

  @Test
  void weighsBatchesByTheirImages() {
    Measurement score = new Measurement();
    score.add(1.0, new float[][] {{1, 0}, {1, 0}, {0, 1}}, new int[] {0, 1, 1}, 2_000_000_000L);
    score.add(5.0, new float[][] {{1, 0}}, new int[] {1}, 2_000_000_000L);
    assertThat(score.loss()).isCloseTo(2.0, CLOSE);
    assertThat(score.accuracy()).isEqualTo(0.5);
    assertThat(score.images()).isEqualTo(4);
    assertThat(score.imagesPerSecond()).isCloseTo(1.0, CLOSE);
  }

  @Test
  void amongEqualLogitsTheFirstWins() {
    Measurement score = new Measurement();
    score.add(0, new float[][] {{0, 0}, {-1, 2, 2}}, new int[] {0, 1}, 1);
    assertThat(score.accuracy()).isEqualTo(1);
  }

  @Test
  void takesEveryImageInBatchesAndTheRestAtTheEnd() {
    LabelledImages data =
        new LabelledImages(1, 1, 3, new byte[7 * 3], new byte[] {0, 1, 0, 1, 0, 1, 0});
    List<Integer> done = new ArrayList<>();
    Measurement score =
        Measurement.of(MeasurementTest::alwaysClassOne, data, 3, Loss.CROSS_ENTROPY, done::add);
    assertThat(done).containsExactly(0, 3, 6, 7);
    assertThat(score.images()).isEqualTo(7);
    assertThat(score.accuracy()).isEqualTo(3 / 7.0);
  }

  private static float[][] alwaysClassOne(TUint8 pixels) {
    float[][] logits = new float[(int) pixels.shape().get(0)][];
    Arrays.setAll(logits, i -> new float[] {0, 1});
    return logits;
  }
}
