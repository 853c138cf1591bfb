package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.optim.Adam;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariable;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Against PyTorch: tools/reference/make_adam_fixture.py made the files. */
class AdamTest {

  private static final int STEPS = 60;
  private static final int BATCH = 8;
  private static final int SIZE = 16;
  private static final double RATE = 1e-3;

  private record Trained(double[] losses, Map<String, float[]> weights) {}

  @Test
  void followsPyTorch() throws IOException {
    Trained ours = train(new Adam(0.9, 0.999, 1e-8, 0, false));
    assertThat(lossDifference(ours, "losses.npy")).isLessThan(1e-4);
    // LayerNorm takes away what this bias adds, so its gradient is rounding noise, and Adam makes
    // full steps of noise: no two frameworks agree on it.
    assertThat(weightDifference(ours, "final.safetensors", "token_mixing/Dense_1/bias"))
        .isLessThan(1e-4);
  }

  @Test
  void addsEpsilonWherePyTorchDoes() throws IOException {
    Trained ours = train(new Adam(0.9, 0.999, 1e-3, 0, false));
    assertThat(lossDifference(ours, "losses_eps.npy")).isLessThan(1e-4);
    assertThat(weightDifference(ours, "final_eps.safetensors", "no exception")).isLessThan(1e-5);
  }

  /** What the two tests above would miss if they could not tell the algorithms apart. */
  @Test
  void kernelsOwnEpsilonIsAnotherAlgorithm() throws IOException {
    Trained kernels = train(new KernelAdam(1e-3));
    assertThat(lossDifference(kernels, "losses_eps.npy")).isGreaterThan(1e-2);
    assertThat(weightDifference(kernels, "final_eps.safetensors", "no exception"))
        .isGreaterThan(1e-3);
  }

  @Test
  void firstStepMovesEveryWeightByTheLearningRate() {
    // With t = 1 both moments are the gradient's own, so a step is lr·g / (|g| + ε).
    float[] gradients = {5f, -1e-3f, 1e-6f, 0f};
    assertThat(OneVariable.after(new Adam(0.9, 0.999, 1e-8, 0, false), 1, 0.01, gradients))
        .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-7 ? 0 : Float.compare(a, b))
        .containsExactly(-0.01f, 0.01f, -0.01f * (1e-6f / (1e-6f + 1e-8f)), 0f);
  }

  @Test
  void manyStepsAreThePapersInDoublePrecision() {
    float[] gradients = {0.3f, -2e-4f, 1e-7f};
    double[] expected = new double[gradients.length];
    Adam adam = new Adam(0.8, 0.99, 1e-6, 0, false);
    int steps = 25;
    for (int i = 0; i < gradients.length; i++) {
      double m = 0;
      double v = 0;
      for (int t = 1; t <= steps; t++) {
        // OneVariable's gradient grows with the step.
        double g = (double) gradients[i] * t;
        m = adam.beta1() * m + (1 - adam.beta1()) * g;
        v = adam.beta2() * v + (1 - adam.beta2()) * g * g;
        double unbiasedM = m / (1 - Math.pow(adam.beta1(), t));
        double unbiasedV = v / (1 - Math.pow(adam.beta2(), t));
        expected[i] -= 0.01 * unbiasedM / (Math.sqrt(unbiasedV) + adam.epsilon());
      }
    }
    float[] found = OneVariable.after(adam, steps, 0.01, gradients);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) found[i]).isCloseTo(expected[i], Percentage.withPercentage(1e-3));
    }
  }

  private static Trained train(Optimizer optimizer) throws IOException {
    LabelledImages images =
        new LabelledImages(SIZE, SIZE, 3, bytes("images.npy"), toBytes(ints(bytes("labels.npy"))));
    double[] losses = new double[STEPS];
    try (Checkpoint start = Checkpoint.open(Fixtures.resource("adam/start.safetensors"));
        TrainingGraph graph =
            new TrainingGraph(start, Fixtures.settings(), images, optimizer, Fixtures.CPU)) {
      for (int step = 0; step < STEPS; step++) {
        int[] rows = IntStream.range(step * BATCH, (step + 1) * BATCH).toArray();
        Batch.Part part =
            new Batch.Part(
                rows, images.pixels(rows), images.labels(rows), new boolean[BATCH], null);
        try (Batch batch = new Batch(step + 1, 1, 0, List.of(part))) {
          graph.step(batch, RATE, 0, true);
          losses[step] = graph.totals().loss() / BATCH;
        }
      }
      try (Weights end = graph.snapshot()) {
        return new Trained(losses, Fixtures.read(end));
      }
    }
  }

  /** The largest relative difference of any step's loss. */
  private static double lossDifference(Trained trained, String file) throws IOException {
    NpyFile expected = NpyFile.read(Fixtures.resource("adam/" + file));
    assertThat(expected.shape().size()).isEqualTo(STEPS);
    double difference = 0;
    for (int i = 0; i < STEPS; i++) {
      double wanted = expected.values().get(i);
      difference = Math.max(difference, Math.abs(trained.losses[i] - wanted) / wanted);
    }
    return difference;
  }

  /** The largest absolute difference of any weight whose name does not end with the exception. */
  private static double weightDifference(Trained trained, String file, String except)
      throws IOException {
    Map<String, float[]> expected = Fixtures.read(Fixtures.resource("adam/" + file));
    assertThat(trained.weights).containsOnlyKeys(expected.keySet());
    double difference = 0;
    for (String name : expected.keySet()) {
      for (int i = 0; i < expected.get(name).length && !name.endsWith(except); i++) {
        double distance = Math.abs(trained.weights.get(name)[i] - expected.get(name)[i]);
        difference = Math.max(difference, distance);
      }
    }
    return difference;
  }

  /** The elements of a .npy file of version 1. */
  private static byte[] bytes(String file) throws IOException {
    byte[] all = Files.readAllBytes(Fixtures.resource("adam/" + file));
    int header = 10 + (all[8] & 0xff | (all[9] & 0xff) << 8);
    return Arrays.copyOfRange(all, header, all.length);
  }

  private static int[] ints(byte[] bytes) {
    int[] values = new int[bytes.length / Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
    return values;
  }

  private static byte[] toBytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** TensorFlow's kernel with its operands as its documentation has them. */
  private record KernelAdam(double epsilon) implements Optimizer {
    @Override
    public Updates build(Ops tf, List<Parameter> parameters) {
      var scalar = Placeholder.shape(Shape.scalar());
      var rate = tf.placeholder(TFloat32.class, scalar);
      var power1 = tf.placeholder(TFloat32.class, scalar);
      var power2 = tf.placeholder(TFloat32.class, scalar);
      List<StateVariable> state = new ArrayList<>();
      List<Op> updates = new ArrayList<>();
      for (Parameter p : parameters) {
        var m = StateVariable.zeros(tf, p.name() + "/m", p.shape());
        var v = StateVariable.zeros(tf, p.name() + "/v", p.shape());
        state.add(m);
        state.add(v);
        updates.add(
            tf.train.resourceApplyAdam(
                p.handle(),
                m.handle(),
                v.handle(),
                power1,
                power2,
                rate,
                tf.constant(0.9f),
                tf.constant(0.999f),
                tf.constant((float) epsilon),
                p.gradient()));
      }
      return new Updates(
          state,
          updates,
          (step, learningRate) ->
              Map.of(
                  rate,
                  (float) learningRate,
                  power1,
                  (float) Math.pow(0.9, step),
                  power2,
                  (float) Math.pow(0.999, step)));
    }
  }
}
