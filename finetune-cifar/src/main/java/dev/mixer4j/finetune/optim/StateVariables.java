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

/** All state of a training beside the weights: initialized, saved and restored bit by bit. */
public final class StateVariables {

  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final List<Op> initializations = new ArrayList<>();
  private final List<Operand<TFloat32>> reads = new ArrayList<>();
  private final Map<String, Placeholder<TFloat32>> feeds = new LinkedHashMap<>();
  private final List<Op> assignments = new ArrayList<>();

  /** Adds reads and assignments of variables with different names to their graph. */
  public StateVariables(Ops tf, List<StateVariable> variables) {
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

  /** Sets the variables to their first values; the weights must be set. */
  public void initialize(Session session) {
    if (initializations.isEmpty()) { // TensorFlow refuses a run of nothing
      return;
    }
    Session.Runner runner = session.runner();
    initializations.forEach(runner::addTarget);
    runner.run().close();
  }

  /** The current values, which hold native memory until closed. */
  public NamedTensors save(Session session) {
    if (reads.isEmpty()) {
      return new Saved(shapes(), List.of(), null);
    }
    Session.Runner runner = session.runner();
    reads.forEach(runner::fetch);
    return new Saved(shapes(), List.copyOf(shapes.keySet()), runner.run());
  }

  /** Restores saved values; {@link IllegalArgumentException} if their names or shapes differ. */
  public void load(Session session, NamedTensors saved) {
    check(saved.shapes());
    if (assignments.isEmpty()) {
      return;
    }
    List<TFloat32> tensors = new ArrayList<>();
    try {
      // All in one run: each new combination of feeds and targets costs milliseconds.
      Session.Runner runner = session.runner();
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

  private void check(Map<String, Shape> found) {
    shapes.forEach(
        (name, shape) -> {
          if (!shape.equals(found.get(name))) {
            throw new IllegalArgumentException(
                "saved state: expected %s of shape %s, found %s"
                    .formatted(
                        name,
                        shape,
                        found.containsKey(name) ? "shape " + found.get(name) : "no such tensor"));
          }
        });
    for (String name : found.keySet()) {
      if (!shapes.containsKey(name)) {
        throw new IllegalArgumentException(
            "saved state: " + name + " is not part of this training's state");
      }
    }
  }

  /** Values in a session's result, which is null if there are none. */
  private record Saved(Map<String, Shape> shapes, List<String> names, Result values)
      implements NamedTensors {

    @Override
    public void read(String name, FloatBuffer destination) {
      FloatTensors.read((TFloat32) values.get(names.indexOf(name)), destination);
    }

    @Override
    public void close() {
      if (values != null) {
        values.close();
      }
    }
  }
}
