package dev.mixer4j.finetune.optim;

import dev.mixer4j.core.FloatTensors;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * All variables that training keeps beside the weights. The next step depends on them, the weights
 * and the step's number only, so they are saved and restored bit by bit.
 */
public final class StateVariables {

  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final List<Op> initializations = new ArrayList<>();
  private final List<Operand<TFloat32>> reads = new ArrayList<>();
  private final Map<String, Placeholder<TFloat32>> feeds = new LinkedHashMap<>();
  private final List<Op> assignments = new ArrayList<>();
  private final Op nothing; // TensorFlow refuses to run nothing at all

  public StateVariables(Ops tf, List<StateVariable> variables) {
    nothing = tf.noOp();
    for (StateVariable variable : variables) {
      if (shapes.put(variable.name(), variable.shape()) != null) {
        throw new IllegalArgumentException("two state variables named " + variable.name());
      }
      initializations.add(variable.initialization());
      reads.add(variable.read(tf));
      var feed = tf.placeholder(TFloat32.class, Placeholder.shape(variable.shape()));
      feeds.put(variable.name(), feed);
      assignments.add(tf.assignVariableOp(variable.handle(), feed));
    }
  }

  public Map<String, Shape> shapes() {
    return Collections.unmodifiableMap(shapes);
  }

  /** Sets the variables to their values before the first step; the weights must be set. */
  public void initialize(Session session) {
    Session.Runner runner = session.runner().addTarget(nothing);
    initializations.forEach(runner::addTarget);
    runner.run().close();
  }

  /** Copies the current values, which hold native memory until closed. */
  public NamedTensors save(Session session) {
    Session.Runner runner = session.runner().addTarget(nothing);
    reads.forEach(runner::fetch);
    return new Saved(shapes(), List.copyOf(shapes.keySet()), runner.run());
  }

  /** Sets every variable; refuses other names or shapes, for example of another optimizer. */
  public void load(Session session, NamedTensors saved) {
    Map<String, Shape> found = saved.shapes();
    shapes.forEach(
        (name, shape) -> {
          if (!shape.equals(found.get(name))) {
            String other = found.containsKey(name) ? "shape " + found.get(name) : "no such tensor";
            throw new IllegalArgumentException(
                "saved state: expected %s of shape %s, found %s".formatted(name, shape, other));
          }
        });
    for (String name : found.keySet()) {
      if (!shapes.containsKey(name)) {
        throw new IllegalArgumentException(
            "saved state: " + name + " is not part of this training's state");
      }
    }
    List<TFloat32> tensors = new ArrayList<>();
    try {
      // All in one run: each new combination of feeds and targets costs TensorFlow milliseconds.
      Session.Runner runner = session.runner().addTarget(nothing);
      for (Map.Entry<String, Placeholder<TFloat32>> feed : feeds.entrySet()) {
        String name = feed.getKey();
        TFloat32 tensor = FloatTensors.of(shapes.get(name), values -> saved.read(name, values));
        tensors.add(tensor);
        runner.feed(feed.getValue(), tensor);
      }
      assignments.forEach(runner::addTarget);
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }

  private record Saved(Map<String, Shape> shapes, List<String> names, Result values)
      implements NamedTensors {

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
