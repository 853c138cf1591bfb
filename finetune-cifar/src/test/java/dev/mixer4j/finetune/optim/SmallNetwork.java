package dev.mixer4j.finetune.optim;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;

/** The fixtures' network of two layers, from the fixtures' start, with the fixtures' data. */
final class SmallNetwork implements AutoCloseable {

  static final int BATCHES = 4;
  static final int BATCH_SIZE = 16;

  /** Numbers in all parameters together. */
  static final int PARAMETERS = 93;

  private static final int INPUTS = 6;
  private static final int CLASSES = 4;

  final Graph graph = new Graph();
  final Ops tf = Ops.create(graph);
  final Session session = new Session(graph);
  private final Placeholder<TFloat32> inputs;
  private final Placeholder<TFloat32> targets;
  private final List<StateVariable> weights = new ArrayList<>();
  private final List<Optimizer.Parameter> parameters = new ArrayList<>();
  private final Operand<TFloat32> loss;
  private StateVariables weightVariables;
  private StateVariables state;

  SmallNetwork() {
    inputs = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, INPUTS)));
    targets = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, CLASSES)));
    Map<String, Operand<TFloat32>> values = new LinkedHashMap<>();
    int offset = 0;
    for (Map.Entry<String, Shape> parameter : shapes().entrySet()) {
      StateVariable weight = weight(parameter.getKey(), parameter.getValue(), offset);
      weights.add(weight);
      values.put(weight.name(), weight.read(tf));
      offset += (int) weight.shape().size();
    }
    loss = loss(values);
    Output<?>[] reads = values.values().stream().map(Operand::asOutput).toArray(Output<?>[]::new);
    Output<?>[] gradients = graph.addGradients(loss.asOutput(), reads);
    for (int i = 0; i < gradients.length; i++) {
      @SuppressWarnings("unchecked") // a gradient has the type of what it is the gradient of
      Operand<TFloat32> gradient = (Output<TFloat32>) gradients[i];
      StateVariable weight = weights.get(i);
      parameters.add(
          new Optimizer.Parameter(weight.name(), weight.shape(), weight.handle(), gradient));
    }
  }

  static Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("hidden/kernel", Shape.of(2, 3, 8));
    shapes.put("hidden/bias", Shape.of(8));
    shapes.put("head/kernel", Shape.of(8, CLASSES));
    shapes.put("head/bias", Shape.of(CLASSES));
    shapes.put("temperature", Shape.scalar());
    return shapes;
  }

  private StateVariable weight(String name, Shape shape, int offset) {
    float[] all = OptimizerFixtures.values("start.npy");
    float[] values = Arrays.copyOfRange(all, offset, offset + (int) shape.size());
    Operand<TFloat32> start = tf.reshape(tf.constant(values), tf.constant(shape.asArray()));
    var handle = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
    return new StateVariable(name, shape, handle, tf.assignVariableOp(handle, start));
  }

  /** The mean cross-entropy. */
  private Operand<TFloat32> loss(Map<String, Operand<TFloat32>> values) {
    Operand<TFloat32> kernel = tf.reshape(values.get("hidden/kernel"), tf.array(INPUTS, 8));
    Operand<TFloat32> hidden =
        tf.math.tanh(tf.math.add(tf.linalg.matMul(inputs, kernel), values.get("hidden/bias")));
    Operand<TFloat32> logits =
        tf.math.mul(
            tf.math.add(
                tf.linalg.matMul(hidden, values.get("head/kernel")), values.get("head/bias")),
            values.get("temperature"));
    Operand<TFloat32> each = tf.nn.softmaxCrossEntropyWithLogits(logits, targets).loss();
    return tf.math.mean(each, tf.constant(0));
  }

  List<Optimizer.Parameter> parameters() {
    return parameters;
  }

  /** Sets the weights to the start's, then what is kept beside them. */
  SmallNetwork start(List<StateVariable> beside) {
    weightVariables = new StateVariables(tf, weights);
    state = new StateVariables(tf, beside);
    weightVariables.initialize(session);
    state.initialize(session);
    return this;
  }

  /** The weights and what is kept beside them, as one. */
  StateVariables everything(List<StateVariable> beside) {
    List<StateVariable> all = new ArrayList<>(weights);
    all.addAll(beside);
    return new StateVariables(tf, all);
  }

  /**
   * Runs operations on rows of the data.
   *
   * @return the loss before
   */
  float run(int from, int to, Map<Placeholder<TFloat32>, Float> scalars, List<Op> operations) {
    List<TFloat32> tensors = new ArrayList<>();
    try {
      Session.Runner runner = session.runner().fetch(loss);
      tensors.add(rows("inputs.npy", from, to, INPUTS));
      runner.feed(inputs, tensors.get(0));
      tensors.add(rows("targets.npy", from, to, CLASSES));
      runner.feed(targets, tensors.get(1));
      scalars.forEach(
          (placeholder, value) -> {
            tensors.add(TFloat32.scalarOf(value));
            runner.feed(placeholder, tensors.get(tensors.size() - 1));
          });
      operations.forEach(runner::addTarget);
      try (Result result = runner.run()) {
        return ((TFloat32) result.get(0)).getFloat();
      }
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }

  /** One step of an optimizer on the batch whose turn it is; steps count from 1. */
  float step(int step, Optimizer.Updates updates, double rate) {
    int from = (step - 1) % BATCHES * BATCH_SIZE;
    return run(from, from + BATCH_SIZE, updates.scalars().at(step, rate), updates.updates());
  }

  private static TFloat32 rows(String file, int from, int to, int columns) {
    float[] values =
        Arrays.copyOfRange(OptimizerFixtures.values(file), from * columns, to * columns);
    return TFloat32.tensorOf(Shape.of(to - from, columns), DataBuffers.of(values));
  }

  /** All weights of this moment, one after the other. */
  float[] weights() {
    return flat(weightVariables);
  }

  /** All of what is kept beside the weights. */
  float[] state() {
    return flat(state);
  }

  private float[] flat(StateVariables variables) {
    try (NamedTensors saved = variables.save(session)) {
      long size = saved.shapes().values().stream().mapToLong(Shape::size).sum();
      FloatBuffer values = FloatBuffer.allocate((int) size);
      saved.shapes().keySet().forEach(name -> saved.read(name, values));
      return values.array();
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
