package dev.mixer4j.finetune.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against TensorFlow for Python: tools/reference/make_augmentation_fixtures.py made the files. */
class InceptionCropTest {

  private static final int DRAWS = 100_000;

  /** In the fixtures' order. A box is top, left, height, width. */
  private static final List<ToDoubleFunction<int[]>> STATISTICS =
      List.of(
          box -> box[2],
          box -> box[3],
          box -> box[0],
          box -> box[1],
          box -> box[2] * box[3],
          box -> (double) box[3] / box[2]);

  private static int[][] boxes(long seed, int epoch, int from, int to) {
    return InceptionCrop.covering(0.05).boxes(seed, epoch, from, to, 32, 32);
  }

  @ParameterizedTest
  @CsvSource({"32, 32", "20, 45", "5, 3"})
  void isDistributedAsTensorFlows(int height, int width) throws IOException {
    int[][] boxes = InceptionCrop.covering(0.05).boxes(3, 1, 0, DRAWS, height, width);
    NpyFile file =
        NpyFile.read(Fixtures.resource("crops/sampled_%dx%d.npy".formatted(height, width)));
    assertThat(file.shape().get(0)).isGreaterThan(10);
    for (int row = 0; row < file.shape().get(0); row++) {
      int statistic = (int) file.values().get(3 * row);
      double most = file.values().get(3 * row + 1) + 1e-6; // float32 has rounded aspect ratios
      ToDoubleFunction<int[]> of = STATISTICS.get(statistic);
      long under = Arrays.stream(boxes).filter(box -> of.applyAsDouble(box) <= most).count();
      // Two samples of a share: five standard deviations of their difference, at most.
      assertThat((double) under / DRAWS)
          .as("statistic %d up to %s", statistic, most)
          .isCloseTo(file.values().get(3 * row + 2), Offset.offset(5 * Math.sqrt(0.5 / DRAWS)));
    }
  }

  @Test
  void dependsOnSeedEpochAndPlaceAlone() {
    assertThat(boxes(1, 2, 40, 60)).isDeepEqualTo(Arrays.copyOfRange(boxes(1, 2, 0, 100), 40, 60));
    for (int[][] other : List.of(boxes(1, 3, 40, 60), boxes(2, 2, 40, 60), boxes(2, 1, 40, 60))) {
      assertThat(Arrays.deepEquals(other, boxes(1, 2, 40, 60))).isFalse();
    }
  }

  /** These very numbers, so that a run of an earlier release can be repeated and resumed. */
  @Test
  void staysTheSameFromReleaseToRelease() {
    assertThat(boxes(1024, 1, 0, 3))
        .isDeepEqualTo(new int[][] {{7, 5, 22, 25}, {11, 0, 15, 18}, {3, 8, 22, 23}});
  }

  @Test
  void boxesKeepTheirRangesAndTheirImage() {
    InceptionCrop crop = new InceptionCrop(0.3, 0.4, 0.5, 2);
    for (int[] box : crop.boxes(5, 1, 0, 2000, 60, 40)) {
      assertThat(box[2] * box[3] / 2400.0).isBetween(0.3, 0.4);
      assertThat((box[3] - 0.5) / box[2]).isLessThanOrEqualTo(2);
      assertThat((box[3] + 0.5) / box[2]).isGreaterThanOrEqualTo(0.5);
      assertThat(box[0]).isBetween(0, 60 - box[2]);
      assertThat(box[1]).isBetween(0, 40 - box[3]);
    }
  }

  @Test
  void takesTheWholeImageWhereNoBoxFits() {
    int[] whole = {0, 0, 2, 200};
    assertThat(InceptionCrop.covering(0.05).boxes(5, 1, 0, 3, 2, 200))
        .isDeepEqualTo(new int[][] {whole, whole, whole});
    assertThat(InceptionCrop.covering(0.05).boxes(5, 1, 0, 1, 1, 1))
        .isDeepEqualTo(new int[][] {{0, 0, 1, 1}});
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1, 1", "0.5, 0.4, 1, 1", "0.5, 1.1, 1, 1", "NaN, 1, 1, 1"})
  void impossibleAreasAreRefused(double minArea, double maxArea, double min, double max) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InceptionCrop(minArea, maxArea, min, max))
        .withMessageContaining("area");
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "2, 1", "1, Infinity", "1, NaN"})
  void impossibleAspectRatiosAreRefused(double min, double max) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InceptionCrop(0.5, 1, min, max))
        .withMessageContaining("aspect");
  }
}
