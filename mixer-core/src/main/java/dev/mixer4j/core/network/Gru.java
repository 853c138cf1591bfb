package dev.mixer4j.core.network;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Initializer.TorchUniform;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.layer.Dense;
import dev.mixer4j.core.layer.Layer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Unstack;
import org.tensorflow.types.TFloat32;

/**
 * A recurrent network that reads an image row by row: one gated recurrent unit (arXiv 1406.1078)
 * and a head on its last output. The unit equals {@code torch.nn.GRU}: gates r, z, n in this order,
 * with a bias for the input and one for the state.
 *
 * @param input the images, of one channel; a row is a step
 * @param hiddenSize size of the state
 * @param classes number of classes; 0 for no head
 */
public record Gru(ImageInput input, @Setting("Size of the state.") int hiddenSize, int classes)
    implements Network {

  private static final String RECURRENT_KERNEL = "gru/recurrent_kernel";
  private static final String RECURRENT_BIAS = "gru/recurrent_bias";

  /**
   * Checks the numbers.
   *
   * @param input of one channel
   * @param hiddenSize above 0
   * @param classes 0 or more
   * @throws IllegalArgumentException if one is out of its range
   */
  public Gru {
    Objects.requireNonNull(input, "input");
    Networks.check(
        input.channels() == 1, "a GRU takes images of 1 channel, found %d", input.channels());
    Networks.positive("hidden_size", hiddenSize);
    Networks.classes(classes);
  }

  @Override
  public String family() {
    return "gru";
  }

  @Override
  public int featureSize() {
    return hiddenSize;
  }

  private int gates() {
    return Math.multiplyExact(3, hiddenSize);
  }

  private Dense head() {
    return Dense.torch("head", hiddenSize, classes);
  }

  @Override
  public List<Variable> variables() {
    Initializer uniform = TorchUniform.bias(hiddenSize);
    List<Variable> variables = new ArrayList<>();
    variables.add(new Variable("gru/kernel", Shape.of(input.width(), gates()), uniform));
    variables.add(new Variable(RECURRENT_KERNEL, Shape.of(hiddenSize, gates()), uniform));
    variables.add(new Variable("gru/bias", Shape.of(gates()), uniform));
    variables.add(new Variable(RECURRENT_BIAS, Shape.of(gates()), uniform));
    variables.addAll(Layer.variables(Stream.of(head())));
    return variables;
  }

  /** The intermediate outputs are those of the steps, [batch, hidden]. */
  @Override
  public Outputs apply(Pass pass, Operand<TFloat32> images) {
    Ops tf = pass.tf();
    // The rows' products do not depend on the state: one for all of them.
    Operand<TFloat32> rows = tf.reshape(images, tf.array(-1, input.width()));
    Operand<TFloat32> x = product(pass, rows, "gru/kernel", "gru/bias");
    List<Operand<TFloat32>> steps = new ArrayList<>();
    tf.unstack(
            tf.reshape(x, tf.array(-1, input.height(), gates())),
            (long) input.height(),
            Unstack.axis(1L))
        .forEach(steps::add);
    List<Operand<TFloat32>> states = new ArrayList<>();
    Operand<TFloat32> state = null;
    for (Operand<TFloat32> step : steps) {
      state = next(pass, step, state);
      states.add(state);
    }
    return new Outputs(List.copyOf(states), state, head().apply(pass, state));
  }

  private static Operand<TFloat32> product(
      Pass pass, Operand<TFloat32> x, String kernel, String bias) {
    Operand<TFloat32> product = pass.precision().matMul(pass.tf(), x, pass.value(kernel));
    return pass.tf().nn.biasAdd(product, pass.value(bias));
  }

  /** The state after a step, [batch, hidden], from the step's product and the state before it. */
  private Operand<TFloat32> next(Pass pass, Operand<TFloat32> step, Operand<TFloat32> state) {
    Ops tf = pass.tf();
    List<? extends Operand<TFloat32>> ofInput = tf.split(tf.constant(1), step, 3L).output();
    if (state == null) {
      state = tf.zerosLike(ofInput.get(0));
    }
    Operand<TFloat32> hidden = product(pass, state, RECURRENT_KERNEL, RECURRENT_BIAS);
    List<? extends Operand<TFloat32>> ofState = tf.split(tf.constant(1), hidden, 3L).output();
    Operand<TFloat32> reset = tf.math.sigmoid(tf.math.add(ofInput.get(0), ofState.get(0)));
    Operand<TFloat32> update = tf.math.sigmoid(tf.math.add(ofInput.get(1), ofState.get(1)));
    Operand<TFloat32> proposed =
        tf.math.tanh(tf.math.add(ofInput.get(2), tf.math.mul(reset, ofState.get(2))));
    return tf.math.add(proposed, tf.math.mul(update, tf.math.sub(state, proposed)));
  }

  @Override
  public Gru withClasses(int newClasses) {
    return new Gru(input, hiddenSize, newClasses);
  }

  @Override
  public Gru withInput(ImageInput newInput) {
    return new Gru(newInput, hiddenSize, classes);
  }

  /** Reads the geometry off the shapes; the images are taken to be square. */
  static Gru infer(Shapes shapes) {
    return new Gru(
        ImageInput.square(shapes.size("gru/kernel", 0, 2), 1),
        shapes.size(RECURRENT_KERNEL, 0, 2),
        shapes.classes());
  }

  /** For MNIST's images. */
  static Map<String, Network> presets() {
    return Map.of("GRU", new Gru(ImageInput.square(28, 1), 64, 10));
  }
}
