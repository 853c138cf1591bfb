package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.RandomWeights;
import dev.mixer4j.core.ReferenceMixer;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Gelu;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

class MixerTest {

  /** Every seed is another geometry, both GELU forms, with and without a head. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void logitsEqualThePapersEquations(long seed) {
    Random random = new Random(seed);
    int patch = 1 + random.nextInt(6);
    Mixer config =
        new Mixer(
            ImageInput.square(patch * (1 + random.nextInt(4)), 3),
            patch,
            1 + random.nextInt(30),
            1 + random.nextInt(3),
            1 + random.nextInt(30),
            1 + random.nextInt(30),
            seed % 4 == 0 ? 0 : 1 + random.nextInt(9),
            seed % 2 == 0 ? Gelu.ERF : Gelu.TANH,
            seed % 3 == 0 ? 1e-2f : 1e-6f);
    RandomWeights weights = new RandomWeights(config, seed);
    ReferenceMixer reference = new ReferenceMixer(weights);
    int batch = 3;
    float[] images = gaussian(random, batch * config.input().size() * config.input().size() * 3);
    float[][] logits = logits(weights, images, batch);
    for (int i = 0; i < batch; i++) {
      int size = images.length / batch;
      double[] wanted =
          reference.logits(java.util.Arrays.copyOfRange(images, i * size, (i + 1) * size));
      for (int c = 0; c < wanted.length; c++) {
        assertThat((double) logits[i][c])
            .as("%s image %d class %d", config, i, c)
            .isCloseTo(
                wanted[c],
                org.assertj.core.data.Offset.offset(2e-5 * Math.max(1, Math.abs(wanted[c]))));
      }
    }
  }

  @Test
  void theTwoGeluFormsDiffer() {
    Mixer config = Mixer.of(8, 4, 16, 2, 8, 24, 3);
    float[] images = gaussian(new Random(0), 8 * 8 * 3);
    float erf = logits(new RandomWeights(config, 1), images, 1)[0][0];
    float tanh = logits(new RandomWeights(config.withGelu(Gelu.TANH), 1), images, 1)[0][0];
    assertThat(Math.abs(erf - tanh)).isBetween(1e-6f, 1e-1f);
  }

  @Test
  void bfloat16RoundsWhatIsMultipliedAndNothingElse() {
    Mixer config = Mixer.of(8, 4, 16, 2, 8, 24, 3);
    float[] pixels = gaussian(new Random(0), 2 * 8 * 8 * 3);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, config);
      var images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
      try (Session session = new Session(graph);
          TFloat32 input = TFloat32.tensorOf(Shape.of(2, 8, 8, 3), DataBuffers.of(pixels))) {
        variables.load(session, new RandomWeights(config, 1));
        float[] exact = {};
        for (Precision precision : Precision.values()) {
          var outputs = config.apply(Pass.inference(tf, variables::value, precision), images);
          try (Result result = session.runner().feed(images, input).fetch(outputs.logits()).run()) {
            float[] found = StdArrays.array2dCopyOf((TFloat32) result.get(0))[1];
            switch (precision) {
              case FLOAT32 -> exact = found;
              case TF32 -> assertThat(found).as("in the graph, the same").isEqualTo(exact);
              default -> {
                assertThat(found).isNotEqualTo(exact);
                float largest = Math.max(Math.abs(exact[0]), Math.abs(exact[1]));
                assertThat(found)
                    .containsExactly(exact, org.assertj.core.data.Offset.offset(0.05f * largest));
              }
            }
          }
        }
      }
    }
  }

  @Test
  void outputsHoldEachBlock() {
    Mixer config = Mixer.of(8, 4, 16, 3, 8, 24, 5);
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, config);
      var images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
      Outputs outputs = config.apply(Pass.inference(tf, variables::value), images);
      assertThat(outputs.intermediates()).hasSize(3);
      assertThat(outputs.intermediates().get(0).shape().asArray()).containsExactly(-1, 4, 16);
      assertThat(outputs.features().shape().asArray()).containsExactly(-1, 16);
      assertThat(outputs.logits().shape().asArray()).containsExactly(-1, 5);
    }
  }

  @Test
  void weightsPassThroughASessionUnchanged() {
    Mixer config = Mixer.of(8, 4, 16, 2, 8, 24, 3);
    RandomWeights weights = new RandomWeights(config, 9);
    try (Graph graph = new Graph()) {
      Variables variables = new Variables(Ops.create(graph), config);
      try (Session session = new Session(graph)) {
        variables.load(session, weights);
        try (Weights snapshot = variables.snapshot(session)) {
          for (String name : config.shapes().keySet()) {
            assertThat(values(snapshot, name)).as(name).isEqualTo(values(weights, name));
          }
        }
        assertThatIllegalArgumentException()
            .isThrownBy(() -> variables.load(session, new RandomWeights(config.withClasses(4), 1)))
            .withMessageContaining("do not fit");
      }
    }
  }

  @Test
  void theGraphHoldsNoWeights() {
    Network config = Networks.preset("Mixer-B/16").orElseThrow();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, config);
      var images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 224, 224, 3)));
      config.apply(Pass.inference(tf, variables::value), images);
      // 240 MB of weights; the definition alone is some hundred kilobytes.
      assertThat(graph.toGraphDef().getSerializedSize()).isLessThan(1_000_000);
    }
  }

  @Test
  void initialWeightsAreFlaxs() {
    Mixer config = Mixer.of(32, 8, 64, 1, 48, 96, 10);
    InitialWeights weights = new InitialWeights(config, 3);
    assertThat(values(weights, "head/kernel")).containsOnly(0f);
    assertThat(values(weights, "stem/bias")).containsOnly(0f);
    assertThat(values(weights, "MixerBlock_0/LayerNorm_1/scale")).containsOnly(1f);
    float[] kernel = values(weights, "stem/kernel"); // fan-in 8 · 8 · 3 = 192
    double variance = 0;
    for (float value : kernel) {
      variance += (double) value * value / kernel.length;
      assertThat(Math.abs(value)).isLessThan((float) (2.0 / 0.8796 / Math.sqrt(192)));
    }
    assertThat(variance).isBetween(0.95 / 192, 1.05 / 192);
    assertThat(kernel).isEqualTo(values(new InitialWeights(config, 3), "stem/kernel"));
    assertThat(kernel).isNotEqualTo(values(new InitialWeights(config, 4), "stem/kernel"));
  }

  private static float[] values(Weights weights, String name) {
    FloatBuffer buffer = FloatBuffer.allocate((int) weights.network().shapes().get(name).size());
    weights.read(name, buffer);
    assertThat(buffer.remaining()).as("all of %s is read", name).isZero();
    return buffer.array();
  }

  private static float[] gaussian(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[][] logits(Weights weights, float[] images, int batch) {
    int size = weights.network().input().size();
    try (ImageClassifier classifier = new ImageClassifier(weights, ModelInfo.NONE);
        TFloat32 input =
            TFloat32.tensorOf(Shape.of(batch, size, size, 3), DataBuffers.of(images))) {
      return classifier.logits(input);
    }
  }

  /** timm's, of one channel and with patches of 7 pixels. */
  @Test
  void grayImagesGiveTimmsLogits() {
    Mixer network =
        new Mixer(ImageInput.square(28, 1), 7, 14, 2, 16, 10, 10, Gelu.ERF, Mixer.DEFAULT_EPSILON);
    new TorchFixture("mixer", network).assertSameLogits();
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -1e-6f, 1.1f, Float.POSITIVE_INFINITY, Float.NaN})
  void anEpsilonThatIsNoneIsRefused(float epsilon) {
    assertThatThrownBy(
            () -> new Mixer(ImageInput.square(28, 1), 7, 14, 2, 16, 10, 10, Gelu.ERF, epsilon))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("layer_norm_epsilon must be above 0 and at most 1");
  }
}
