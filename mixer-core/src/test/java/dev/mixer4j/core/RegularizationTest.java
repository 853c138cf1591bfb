package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mixer4j.core.network.Mixer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

class RegularizationTest {

  private static final Mixer CONFIG = Mixer.of(8, 4, 16, 2, 8, 24, 3);
  private static final RandomWeights WEIGHTS = new RandomWeights(CONFIG, 5);
  private static final int PIXELS = 8 * 8 * 3;

  @Test
  void nothingDroppedIsInference() {
    float[] image = images(1);
    float[][] plain;
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS);
        TFloat32 input = TFloat32.tensorOf(Shape.of(1, 8, 8, 3), DataBuffers.of(image))) {
      plain = classifier.logits(input);
    }
    float[][][] trained = train(CONFIG, Regularization.NONE, image, 1, 2);
    assertThat(trained[0]).isDeepEqualTo(trained[1]);
    // GELU is computed in another form, with other roundings.
    assertThat(trained[0][0]).containsExactly(plain[0], Offset.offset(2e-6f));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void followsItsSeedAndKeepsTheMean(boolean depth) {
    Regularization some = depth ? new Regularization(0, 0.2f) : new Regularization(0.2f, 0);
    long[] seeds = LongStream.range(-1, 1000).map(i -> Math.max(0, i)).toArray();
    float[] image = images(1);
    float[][][] drops = train(CONFIG, some, image, seeds);
    assertThat(drops[0]).isDeepEqualTo(drops[1]);
    assertThat(Arrays.stream(drops).filter(x -> !Arrays.deepEquals(x, drops[0])).count())
        .isGreaterThan(300);
    double plain = new ReferenceMixer(WEIGHTS).logits(image)[0];
    double mean = 0;
    double spread = 0;
    for (float[][] logits : drops) {
      mean += logits[0][0] / drops.length;
      spread += (logits[0][0] - plain) * (logits[0][0] - plain) / drops.length;
    }
    // Nonlinear, so not equal; but without the division by the share kept it would be far off.
    assertThat(Math.abs(mean - plain)).isLessThan(Math.sqrt(spread) * 0.3);
    assertThat(spread).isGreaterThan(0);
  }

  /**
   * The masks drawn here again, the network in plain loops: every image and branch of the later
   * blocks has its own draw, and those of the first block are never dropped.
   */
  @Test
  void stochasticDepthSkipsTheBranchesOfItsMasks() {
    Mixer config = Mixer.of(8, 4, 16, 3, 8, 24, 3);
    int batch = 40;
    float rate = 0.6f;
    float[] images = images(batch);
    long seed = 77;
    float[][] found = train(config, new Regularization(0, rate), images, seed)[0];
    float[][] uniform = uniform(batch, seed, 4);
    ReferenceMixer reference = new ReferenceMixer(new RandomWeights(config, 5));
    for (int i = 0; i < batch; i++) {
      int image = i;
      float[] pixels = Arrays.copyOfRange(images, i * PIXELS, (i + 1) * PIXELS);
      double[] wanted =
          reference.logits(
              pixels,
              branch -> {
                double keep = 1 - rate * (branch / 2) / 2;
                return branch < 2 ? 1 : uniform[branch - 2][image] < keep ? 1 / keep : 0;
              });
      for (int c = 0; c < wanted.length; c++) {
        assertThat((double) found[i][c])
            .as("image %d class %d", i, c)
            .isCloseTo(wanted[c], Offset.offset(2e-5 * Math.max(1, Math.abs(wanted[c]))));
      }
    }
  }

  @Test
  void imagesAndBranchesAreDroppedApartAndAsOftenAsAsked() {
    int batch = 20_000;
    // Of two blocks only the last drops; its tokens move only by the branches that stay.
    Mixer config = Mixer.of(2, 1, 2, 2, 2, 2, 0);
    float[][] kept = new float[2][];
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var seed = tf.constant(3L);
      // Constant branches: no kernels, a bias of one for the tokens, of two for the channels.
      var outputs =
          config.apply(
              Pass.training(
                  tf,
                  name -> branches(tf, config, name),
                  Precision.FLOAT32,
                  new Regularization(0, 0.3f),
                  seed,
                  name -> true),
              tf.zeros(tf.array(batch, 2, 2, 3), TFloat32.class));
      Operand<TFloat32> added =
          tf.math.sub(outputs.intermediates().get(1), outputs.intermediates().get(0));
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(added).run()) {
        float[][][] values = StdArrays.array3dCopyOf((FloatNdArray) result.get(0));
        kept[0] = new float[batch];
        kept[1] = new float[batch];
        for (int i = 0; i < batch; i++) {
          int sum = Math.round(values[i][0][0] * 0.7f); // 1 tokens, 2 channels, 3 both
          assertThat(values[i][0][0]).isCloseTo(sum / 0.7f, Offset.offset(1e-4f));
          assertThat(values[i][3][1]).isEqualTo(values[i][0][0]);
          kept[0][i] = sum & 1;
          kept[1][i] = sum >> 1;
        }
      }
    }
    double tokens = mean(kept[0]);
    double channels = mean(kept[1]);
    double both = 0;
    for (int i = 0; i < batch; i++) {
      both += kept[0][i] * kept[1][i] / batch;
    }
    double fiveDeviations = 5 * Math.sqrt(0.25 / batch);
    assertThat(tokens).isCloseTo(0.7, Offset.offset(fiveDeviations));
    assertThat(channels).isCloseTo(0.7, Offset.offset(fiveDeviations));
    assertThat(both).isCloseTo(0.49, Offset.offset(fiveDeviations));
  }

  private static Operand<TFloat32> branches(Ops tf, Mixer config, String name) {
    float value = 0;
    if (name.endsWith("token_mixing/Dense_1/bias")) {
      value = 1;
    } else if (name.endsWith("channel_mixing/Dense_1/bias")) {
      value = 2;
    }
    long[] shape = config.shapes().get(name).asArray();
    return tf.fill(tf.constant(shape), tf.constant(value));
  }

  @Test
  void ratesRiseLinearlyFromZero() {
    Regularization some = new Regularization(0, 0.3f);
    assertThat(some.stochasticDepth(0, 4)).isZero();
    assertThat(some.stochasticDepth(1, 4)).isCloseTo(0.1f, Offset.offset(1e-7f));
    assertThat(some.stochasticDepth(3, 4)).isEqualTo(0.3f);
    assertThat(some.stochasticDepth(0, 1)).isZero();
  }

  @ParameterizedTest
  @ValueSource(floats = {-0.1f, 1f, Float.NaN})
  void sharesOutsideTheirRangeAreRefused(float share) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Regularization(share, 0))
        .withMessageContaining("dropout");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Regularization(0, share))
        .withMessageContaining("stochasticDepth");
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static float[] images(int count) {
    Random random = new Random(4);
    float[] values = new float[count * PIXELS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** The numbers behind the masks of shape [batch, 1, 1], in the order in which they are made. */
  private static float[][] uniform(int batch, long seed, int masks) {
    float[][] all = new float[masks][];
    for (int i = 0; i < masks; i++) {
      try (Graph graph = new Graph()) {
        Ops tf = Ops.create(graph);
        var drawn =
            tf.random.statelessRandomUniform(
                tf.array(batch), tf.array(seed, (long) i), TFloat32.class);
        try (Session session = new Session(graph);
            Result result = session.runner().fetch(drawn).run()) {
          all[i] = StdArrays.array1dCopyOf((FloatNdArray) result.get(0));
        }
      }
    }
    return all;
  }

  /** The logits in training, [seed][image][class]. */
  private static float[][][] train(
      Mixer config, Regularization regularization, float[] pixels, long... seeds) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, config);
      var images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 8, 8, 3)));
      var seed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
      var outputs =
          config.apply(
              Pass.training(
                  tf, variables::value, Precision.FLOAT32, regularization, seed, name -> true),
              images);
      Shape shape = Shape.of(pixels.length / PIXELS, 8, 8, 3);
      try (Session session = new Session(graph);
          TFloat32 input = TFloat32.tensorOf(shape, DataBuffers.of(pixels))) {
        variables.load(session, new RandomWeights(config, 5));
        float[][][] all = new float[seeds.length][][];
        for (int i = 0; i < seeds.length; i++) {
          try (TInt64 value = TInt64.scalarOf(seeds[i]);
              Result result =
                  session
                      .runner()
                      .feed(images, input)
                      .feed(seed, value)
                      .fetch(outputs.logits())
                      .run()) {
            all[i] = StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
          }
        }
        return all;
      }
    }
  }
}
