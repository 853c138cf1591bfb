package dev.mixer4j.core.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Regularization;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A network of tools/reference/make_network_fixtures.py, which made the files with PyTorch.
 *
 * @param name starts the names of its files
 * @param network the same network here
 */
record TorchFixture(String name, Network network) {

  /** The seed of the initial values. */
  private static final long SEED = 14;

  private static final int IMAGES = 16;
  private static final int PIXELS = 28 * 28;

  /**
   * The outputs of one run.
   *
   * @param logits of all images, one after the other
   * @param updates the new value of each variable that the network asked to update
   */
  record Run(float[] logits, Map<String, float[]> updates) {}

  /** The numbers of a file of float32. */
  float[] floats(String part) {
    byte[] bytes = bytes(name + "." + part + ".npy");
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /** The elements of a .npy file of version 1. */
  private static byte[] bytes(String file) {
    try (InputStream in = TorchFixture.class.getResourceAsStream("/fixtures/networks/" + file)) {
      byte[] all = in.readAllBytes();
      return Arrays.copyOfRange(all, 10 + (all[8] & 0xff | (all[9] & 0xff) << 8), all.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** PyTorch's initial values. */
  private Map<String, float[]> start() {
    return toTensorFlow(network.variables(), floats("start"));
  }

  /** Compares this project's initial values from the same seed with PyTorch's, bit for bit. */
  void assertSameStart() {
    assertSameStart(0);
  }

  /** The same, except that some variables may be off by so much. */
  void assertSameStart(double within, String... inexact) {
    InitialWeights weights = new InitialWeights(network, SEED);
    Map<String, float[]> expected = start();
    assertThat(network.shapes()).containsOnlyKeys(expected.keySet());
    expected.forEach(
        (variable, values) -> {
          float[] found = new float[values.length];
          weights.read(variable, FloatBuffer.wrap(found));
          if (List.of(inexact).contains(variable)) {
            assertThat(difference(found, values)).as(variable).isLessThan(within);
          } else {
            assertThat(found).as(variable).isEqualTo(values);
          }
        });
  }

  /** Compares the logits with PyTorch's, in inference and in training, which updates nothing. */
  void assertSameLogits() {
    assertThat(difference(infer().logits(), floats("eval"))).isLessThan(2e-5);
    Run training = train(name -> true);
    assertThat(difference(training.logits(), floats("eval"))).isLessThan(2e-5);
    assertThat(training.updates()).isEmpty();
  }

  /** The initial values, but with the random batch norms that the logits were made with. */
  private Map<String, float[]> weights() {
    Map<String, float[]> weights = start();
    List<Variable> norms =
        network.variables().stream().filter(v -> v.name().matches("norm[0-9].*")).toList();
    if (!norms.isEmpty()) {
      weights.putAll(toTensorFlow(norms, floats("norms")));
    }
    return weights;
  }

  /**
   * Splits a flat array into tensors in TensorFlow's layout: kernels of convolutions from [out, in,
   * height, width] to [height, width, in, out], of dense layers from [out, in] to [in, out].
   */
  private static Map<String, float[]> toTensorFlow(List<Variable> variables, float[] flat) {
    Map<String, float[]> tensors = new LinkedHashMap<>();
    int at = 0;
    for (Variable variable : variables) {
      long[] shape = variable.shape().asArray();
      int rank = shape.length;
      boolean kernel = variable.name().endsWith("kernel");
      int out = kernel ? (int) shape[rank - 1] : (int) variable.shape().size();
      int in = kernel ? (int) shape[rank - 2] : 1;
      int area = (int) variable.shape().size() / in / out;
      float[] values = new float[(int) variable.shape().size()];
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          for (int a = 0; a < area; a++) {
            values[(a * in + i) * out + o] = flat[at++];
          }
        }
      }
      tensors.put(variable.name(), values);
    }
    if (at != flat.length) {
      throw new AssertionError("the variables have %d numbers of %d".formatted(at, flat.length));
    }
    return tensors;
  }

  /** Runs the images through the network in inference. */
  Run infer() {
    return run((tf, values) -> Pass.inference(tf, values::value));
  }

  /**
   * Runs the images through the network in training.
   *
   * @param trained whether the variable of a name is updated
   */
  Run train(Predicate<String> trained) {
    return run(
        (tf, values) ->
            Pass.training(
                tf,
                values::value,
                Precision.FLOAT32,
                Regularization.NONE,
                tf.constant(1L),
                trained));
  }

  private interface PassFactory {
    Pass pass(Ops tf, Variables variables);
  }

  private Run run(PassFactory factory) {
    byte[] pixels = bytes("images.npy");
    float[] images = new float[IMAGES * PIXELS];
    for (int i = 0; i < images.length; i++) {
      images[i] = (pixels[i] & 0xff) / 255f;
    }
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, network);
      Pass pass = factory.pass(tf, variables);
      Operand<TFloat32> x = tf.constant(Shape.of(IMAGES, 28, 28, 1), DataBuffers.of(images));
      Outputs outputs = network.apply(pass, x);
      try (Session session = new Session(graph)) {
        variables.load(session, new Values(network, weights()));
        Session.Runner runner = session.runner().fetch(outputs.logits());
        pass.updates().values().forEach(runner::fetch);
        try (Result result = runner.run()) {
          Map<String, float[]> updates = new LinkedHashMap<>();
          for (String variable : pass.updates().keySet()) {
            updates.put(variable, values(result, 1 + updates.size()));
          }
          return new Run(values(result, 0), updates);
        }
      }
    }
  }

  private static float[] values(Result result, int index) {
    TFloat32 tensor = (TFloat32) result.get(index);
    float[] values = new float[(int) tensor.size()];
    tensor.copyTo(DataBuffers.of(values));
    return values;
  }

  private record Values(Network network, Map<String, float[]> tensors) implements Weights {
    @Override
    public void read(String name, FloatBuffer destination) {
      destination.put(tensors.get(name));
    }

    @Override
    public void close() {}
  }

  /** The largest difference, relative to the largest expected number or to 1. */
  static double difference(float[] found, float[] expected) {
    if (found.length != expected.length) {
      throw new AssertionError("%d numbers, not %d".formatted(found.length, expected.length));
    }
    double difference = 0;
    double largest = 1;
    for (int i = 0; i < found.length; i++) {
      difference = Math.max(difference, Math.abs((double) found[i] - expected[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return Double.isNaN(difference) ? Double.NaN : difference / largest;
  }
}
