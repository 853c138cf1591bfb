package dev.mixer4j.finetune.graph;

import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariables;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;

/** An optimizer at work on one vector that starts at zero. */
final class OneVariable {

  private OneVariable() {}

  /**
   * The vector after some steps.
   *
   * @param gradient the first step's; step {@code t} has {@code t} times as much
   */
  static float[] after(Optimizer optimizer, int steps, double learningRate, float[] gradient) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Shape shape = Shape.of(gradient.length);
      var handle = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName("x"));
      var fed = tf.placeholder(TFloat32.class, Placeholder.shape(shape));
      var zero =
          tf.assignVariableOp(handle, tf.zeros(tf.constant(shape.asArray()), TFloat32.class));
      Operand<TFloat32> read = tf.readVariableOp(handle, TFloat32.class);
      Optimizer.Updates updates =
          optimizer.build(tf, List.of(new Optimizer.Parameter("x", shape, handle, fed)));
      StateVariables state = new StateVariables(tf, updates.state());
      try (Session session = new Session(graph)) {
        session.runner().addTarget(zero).run().close();
        state.initialize(session);
        for (int step = 1; step <= steps; step++) {
          float[] scaled = gradient.clone();
          for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= step;
          }
          step(session, updates, step, learningRate, fed, scaled);
        }
        try (Result result = session.runner().fetch(read).run()) {
          return StdArrays.array1dCopyOf((TFloat32) result.get(0));
        }
      }
    }
  }

  private static void step(
      Session session,
      Optimizer.Updates updates,
      int step,
      double learningRate,
      Placeholder<TFloat32> fed,
      float[] gradient) {
    List<TFloat32> tensors = new ArrayList<>(List.of(TFloat32.vectorOf(gradient)));
    Session.Runner runner = session.runner().feed(fed, tensors.get(0));
    updates
        .scalars()
        .at(step, learningRate)
        .forEach(
            (placeholder, value) -> {
              tensors.add(TFloat32.scalarOf(value));
              runner.feed(placeholder, tensors.get(tensors.size() - 1));
            });
    updates.updates().forEach(runner::addTarget);
    runner.run().close();
    tensors.forEach(TFloat32::close);
  }
}
