package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * The variables of a network in a graph, as TensorFlow's resource variables.
 *
 * <pre>{@code
 * Variables variables = new Variables(tf, network);
 * Outputs outputs = network.apply(Pass.inference(tf, variables::value), images);
 * try (Session session = new Session(graph)) {
 *   variables.load(session, new InitialWeights(network, 1));
 * }
 * }</pre>
 *
 * <p>The graph holds names and shapes only; values live in the session. So a graph stays small
 * however large the network is, and never reaches TensorFlow's limit of 2 GiB.
 */
public final class Variables {

  private final Network network;
  private final Map<String, Shape> shapes;
  private final Map<String, Operand<? extends TType>> handles = new LinkedHashMap<>();
  private final Map<String, Operand<TFloat32>> reads = new LinkedHashMap<>();
  private final Map<String, Placeholder<TFloat32>> feeds = new LinkedHashMap<>();
  private final Map<String, Op> assignments = new LinkedHashMap<>();
  private final Map<String, Ops> scopes = new HashMap<>();

  /**
   * Adds the variables, without values, to a graph.
   *
   * @param tf the caller's graph
   * @param network whose variables they are
   */
  public Variables(Ops tf, Network network) {
    this.network = network;
    this.shapes = network.shapes();
    shapes.forEach((name, shape) -> add(tf, name, shape));
  }

  private void add(Ops tf, String name, Shape shape) {
    int slash = name.lastIndexOf('/');
    Ops scope = scope(tf, name.substring(0, slash)).withName(name.substring(slash + 1));
    // Without a shared name all handles of a session are one and the same resource.
    var handle = scope.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
    var feed = tf.placeholder(TFloat32.class, Placeholder.shape(shape));
    handles.put(name, handle);
    feeds.put(name, feed);
    reads.put(name, tf.readVariableOp(handle, TFloat32.class));
    assignments.put(name, tf.assignVariableOp(handle, feed));
  }

  /** Names with slashes need a scope for each part; made twice, a scope would be numbered. */
  private Ops scope(Ops tf, String path) {
    Ops known = scopes.get(path);
    if (known == null) {
      int slash = path.lastIndexOf('/');
      Ops parent = slash < 0 ? tf : scope(tf, path.substring(0, slash));
      known = parent.withSubScope(path.substring(slash + 1));
      scopes.put(path, known);
    }
    return known;
  }

  /**
   * {@return the variable itself, for operations that update it}
   *
   * @param name of one of the network's variables
   */
  public Operand<? extends TType> handle(String name) {
    return handles.get(name);
  }

  /**
   * {@return the variable's value, float32 of its own shape}
   *
   * @param name of one of the network's variables
   */
  public Operand<TFloat32> value(String name) {
    return reads.get(name);
  }

  /**
   * {@return the operation that assigns the variable from its own placeholder}
   *
   * @param name of one of the network's variables
   */
  public Op assignment(String name) {
    return assignments.get(name);
  }

  /**
   * Sets every variable of a session.
   *
   * @param session of the variables' graph
   * @param weights read once; the caller closes them
   * @throws IllegalArgumentException if the weights' variables have other names or shapes
   */
  public void load(Session session, Weights weights) {
    if (!weights.network().shapes().equals(shapes)) {
      throw new IllegalArgumentException(
          "weights of " + weights.network() + " do not fit the network " + network);
    }
    List<TFloat32> tensors = new ArrayList<>();
    try {
      // All in one run: each new combination of feeds and targets costs TensorFlow milliseconds.
      Session.Runner runner = session.runner();
      for (Map.Entry<String, Placeholder<TFloat32>> entry : feeds.entrySet()) {
        TFloat32 tensor = read(weights, entry.getKey(), shapes.get(entry.getKey()));
        tensors.add(tensor);
        runner.feed(entry.getValue(), tensor);
      }
      assignments.values().forEach(runner::addTarget);
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }

  private static TFloat32 read(Weights weights, String name, Shape shape) {
    return FloatTensors.of(shape, values -> weights.read(name, values));
  }

  /**
   * {@return a copy of the current values, which holds native memory until closed}
   *
   * @param session whose variables are set
   */
  public Weights snapshot(Session session) {
    return snapshot(session, network, this::value);
  }

  /**
   * {@return a copy of values that stand for a network's variables, such as moving averages; it
   * holds native memory until closed}
   *
   * @param session whose variables are set
   * @param network that the values are for
   * @param value in the session's graph of each variable, by name
   */
  public static Weights snapshot(
      Session session, Network network, Function<String, Operand<TFloat32>> value) {
    List<String> names = List.copyOf(network.shapes().keySet());
    Session.Runner runner = session.runner();
    names.forEach(name -> runner.fetch(value.apply(name)));
    return new Snapshot(network, names, runner.run());
  }

  private record Snapshot(Network network, List<String> names, Result values) implements Weights {

    @Override
    public void read(String name, FloatBuffer destination) {
      FloatTensors.read((TFloat32) values.get(names.indexOf(name)), destination);
    }

    @Override
    public void close() {
      values.close();
    }
  }
}
