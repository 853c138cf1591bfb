package dev.mixer4j.core.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.activations.Activation;
import org.tensorflow.framework.activations.GELU;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.framework.activations.Sigmoid;
import org.tensorflow.framework.activations.Softmax;
import org.tensorflow.framework.activations.Swish;
import org.tensorflow.framework.activations.Tanh;
import org.tensorflow.framework.losses.BinaryCrossentropy;
import org.tensorflow.framework.losses.CategoricalCrossentropy;
import org.tensorflow.framework.losses.Loss;
import org.tensorflow.framework.losses.MeanSquaredError;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * The activations and losses of tensorflow-framework against PyTorch, values and gradients:
 * tools/reference/make_network_fixtures.py made the files.
 */
class FrameworkTest {

  private static final int ROWS = 24;
  private static final int COLUMNS = 10;

  /** In the order of the script's ACTIVATIONS. */
  private static final List<Activation> ACTIVATIONS =
      List.of(
          new ReLU(),
          new GELU(),
          new GELU(true),
          new Tanh(),
          new Sigmoid(),
          new Softmax(),
          new Swish());

  /** In the order of the script's LOSSES. */
  private static final List<Loss> LOSSES =
      List.of(
          new CategoricalCrossentropy(true),
          new CategoricalCrossentropy(true, 0.1f),
          new MeanSquaredError(),
          new BinaryCrossentropy(true));

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void activationsEqualPyTorchs(int activation) throws IOException {
    float[] expected = floats("activations");
    int size = ROWS * COLUMNS;
    int value = activation * size;
    int gradient = (ACTIVATIONS.size() + activation) * size;
    float[][] found =
        run(
            (tf, x) -> {
              Operand<TFloat32> y = ACTIVATIONS.get(activation).call(tf, x);
              // Its gradient is the one that arrives at the activation's output.
              Operand<TFloat32> sum =
                  tf.reduceSum(tf.math.mul(y, constant(tf, "upstream")), tf.array(0, 1));
              return new Differentiated(y, sum);
            });
    assertClose(found[0], Arrays.copyOfRange(expected, value, value + size), 2e-6f);
    assertClose(found[1], Arrays.copyOfRange(expected, gradient, gradient + size), 5e-6f);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void lossesEqualPyTorchs(int loss) throws IOException {
    float[][] found =
        run(
            (tf, x) -> {
              Operand<TFloat32> y = LOSSES.get(loss).call(tf, constant(tf, "targets"), x, null);
              return new Differentiated(y, y);
            });
    float[] gradients = floats("loss_gradients");
    int from = loss * ROWS * COLUMNS;
    assertClose(found[0], new float[] {floats("losses")[loss]}, 2e-6f);
    assertClose(found[1], Arrays.copyOfRange(gradients, from, from + ROWS * COLUMNS), 1e-7f);
  }

  /** Where a step's last part has no images, its loss must not make the sum of all NaN. */
  @Test
  void crossEntropyOfNoImagesIsZero() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, COLUMNS)));
      Operand<TFloat32> loss = new CategoricalCrossentropy(true, 0.1f).call(tf, x, x);
      try (Session session = new Session(graph);
          TFloat32 none = TFloat32.tensorOf(Shape.of(0, COLUMNS));
          Result result = session.runner().feed(x, none).fetch(loss).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat()).isZero();
      }
    }
  }

  /**
   * What a test runs.
   *
   * @param value compared with PyTorch's
   * @param scalar the gradient of this is compared with PyTorch's
   */
  private record Differentiated(Operand<TFloat32> value, Operand<TFloat32> scalar) {}

  private interface Function {
    Differentiated apply(Ops tf, Operand<TFloat32> x) throws IOException;
  }

  /** Value and gradient for inputs of any number of rows. */
  private static float[][] run(Function function) throws IOException {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, COLUMNS)));
      Differentiated of = function.apply(tf, x);
      Output<?>[] inputs = {x.asOutput()};
      Output<?> gradient = graph.addGradients(of.scalar().asOutput(), inputs)[0];
      try (Session session = new Session(graph);
          TFloat32 in =
              TFloat32.tensorOf(Shape.of(ROWS, COLUMNS), DataBuffers.of(floats("inputs")));
          Result result = session.runner().feed(x, in).fetch(of.value()).fetch(gradient).run()) {
        return new float[][] {values(result.get(0)), values(result.get(1))};
      }
    }
  }

  private static Operand<TFloat32> constant(Ops tf, String file) throws IOException {
    return tf.constant(Shape.of(ROWS, COLUMNS), DataBuffers.of(floats(file)));
  }

  /** The elements of a .npy file of version 1 with float32. */
  private static float[] floats(String file) throws IOException {
    try (InputStream in =
        FrameworkTest.class.getResourceAsStream("/fixtures/functions/" + file + ".npy")) {
      byte[] all = in.readAllBytes();
      int header = 10 + (all[8] & 0xff | (all[9] & 0xff) << 8);
      FloatBuffer values =
          ByteBuffer.wrap(all, header, all.length - header)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asFloatBuffer();
      float[] array = new float[values.remaining()];
      values.get(array);
      return array;
    }
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    ((TFloat32) tensor).copyTo(DataBuffers.of(values));
    return values;
  }

  private static void assertClose(float[] found, float[] expected, float within) {
    assertThat(found).containsExactly(expected, Offset.offset(within));
  }
}
