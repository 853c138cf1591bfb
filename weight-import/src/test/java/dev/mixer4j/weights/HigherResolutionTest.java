package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.MismatchException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

class HigherResolutionTest {

  /** Against NumPy's kron and a permutation: tools/reference/make_checkpoint_fixtures.py. */
  @Test
  void tokenMixingIsBlockDiagonal() throws IOException {
    try (Checkpoint narrow = Checkpoint.open(Fixtures.path("narrow.npz"));
        Weights larger = HigherResolution.of(narrow, 72);
        Checkpoint numpys = Checkpoint.open(Fixtures.path("narrow.72.npz"))) {
      assertThat(larger.network()).isEqualTo(numpys.network());
      for (String name : larger.network().shapes().keySet()) {
        FloatBuffer values = FloatBuffer.allocate((int) larger.network().shapes().get(name).size());
        larger.read(name, values);
        assertThat(values.array()).as(name).isEqualTo(Fixtures.values(numpys, name));
      }
    }
  }

  /** What the blocks are for: the pooled features are the mean of the parts' own. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void aLargeImagesFeaturesAreTheMeanOfItsPartsFeatures(int factor) {
    Mixer config = Mixer.of(8, 2, 6, 2, 5, 7, 0);
    RandomWeights weights = new RandomWeights(config);
    int size = config.input().size();
    int large = size * factor;
    Random random = new Random(factor);
    float[] image = new float[large * large * 3];
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) random.nextGaussian();
    }
    float[] parts = new float[image.length];
    for (int i = 0; i < image.length; i++) {
      int row = i / 3 / large;
      int column = i / 3 % large;
      int part = row / size * factor + column / size;
      parts[((part * size + row % size) * size + column % size) * 3 + i % 3] = image[i];
    }
    float[] whole = features(HigherResolution.of(weights, large), image, 1)[0];
    float[][] each = features(weights, parts, factor * factor);
    for (int c = 0; c < whole.length; c++) {
      double mean = 0;
      for (float[] features : each) {
        mean += features[c] / each.length;
      }
      assertThat((double) whole[c]).isCloseTo(mean, within(1e-5));
    }
  }

  @Test
  void onlyWholeFactorsAreTaken() {
    RandomWeights weights = new RandomWeights(RandomWeights.TINY);
    assertThat(HigherResolution.of(weights, 4)).isSameAs(weights);
    for (int size : new int[] {2, 6, 0, -4, 4 * 65}) {
      assertThatThrownBy(() -> HigherResolution.of(weights, size))
          .isInstanceOf(MismatchException.class)
          .hasMessageContaining("whole multiple of the weights' 4");
    }
  }

  @Test
  void settingsThatDoNotDependOnTheSizeStay() {
    ImageInput input = RandomWeights.TINY.input();
    RandomWeights weights =
        new RandomWeights(
            RandomWeights.TINY.withInput(
                input.withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(2f))));
    Weights larger = HigherResolution.of(weights, 8);
    assertThat(larger.network())
        .isEqualTo(Mixer.of(8, 2, 3, 1, 8, 5, 2).withInput(weights.network().input().withSize(8)));
  }

  @Test
  void tensorsBeyondTwoGibibytesAreRefused() {
    Weights weights = new RandomWeights(Mixer.of(32, 4, 8, 1, 256, 8, 0));
    assertThatThrownBy(() -> HigherResolution.of(weights, 2048))
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining("image size 2048: expected tensors of at most 2 GiB");
  }

  private static float[][] features(Weights weights, float[] images, int count) {
    int size = weights.network().input().size();
    try (ImageClassifier classifier = new ImageClassifier(weights, ModelInfo.NONE);
        TFloat32 batch =
            TFloat32.tensorOf(Shape.of(count, size, size, 3), DataBuffers.of(images))) {
      return classifier.features(batch);
    }
  }
}
