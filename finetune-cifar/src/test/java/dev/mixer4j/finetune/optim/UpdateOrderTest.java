package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.settings.OptimizerSettings;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;

/**
 * What must wait for what, by the graph's edges: a race that goes well in one run proves nothing.
 */
class UpdateOrderTest {

  private static final Shape SHAPE = Shape.of(3);

  private static Optimizer.Parameter parameter(Ops tf, String name) {
    return new Optimizer.Parameter(
        name,
        SHAPE,
        tf.varHandleOp(TFloat32.class, SHAPE, VarHandleOp.sharedName(name)),
        tf.placeholder(TFloat32.class, Placeholder.shape(SHAPE)));
  }

  /** The operations that one waits for, however far. */
  private static Set<GraphOperation> before(Graph graph, Op op) {
    return graph.subgraphToOps(Set.of((GraphOperation) op.op()));
  }

  static Stream<OptimizerFixtures.Case> cases() {
    return OptimizerFixtures.cases().stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyUpdateWaitsForItsGradient(OptimizerFixtures.Case one) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Optimizer.Parameter parameter = parameter(tf, "x");
      Optimizer.Updates updates = one.optimizer().build(tf, List.of(parameter));
      List<Op> starts = updates.state().stream().map(StateVariable::initialization).toList();
      int writes = 0;
      for (var all = graph.operations(); all.hasNext(); ) {
        GraphOperation operation = all.next();
        boolean isWrite = operation.type().matches("(Assign|ResourceApply).*");
        boolean isStart = starts.stream().anyMatch(start -> start.op().equals(operation));
        if (isWrite && !isStart) {
          writes++;
          assertThat(graph.subgraphToOps(Set.of(operation)))
              .contains((GraphOperation) parameter.gradient().op());
        }
      }
      assertThat(writes).isGreaterThanOrEqualTo(updates.updates().size());
    }
  }

  @Test
  void decoupledDecayComesBeforeTheKernel() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Optimizer.Updates updates =
          OptimizerSettings.of("adamw").build().build(tf, List.of(parameter(tf, "x")));
      assertThat(updates.updates()).hasSize(1);
      assertThat(before(graph, updates.updates().get(0)))
          .extracting(GraphOperation::type)
          .contains("AssignSubVariableOp");
    }
  }

  @Test
  void sumsAreClearedAfterTheyAreRead() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Optimizer.Parameter parameter = parameter(tf, "x");
      GradientAccumulator accumulator = GradientAccumulator.of(tf, List.of(parameter));
      assertThat(before(graph, accumulator.clear().get(0)))
          .contains((GraphOperation) accumulator.parameters().get(0).gradient().op())
          .extracting(GraphOperation::type)
          .contains("ReadVariableOp");
    }
  }

  @Test
  void averageWaitsForAllUpdates() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      List<Optimizer.Parameter> parameters = List.of(parameter(tf, "x"), parameter(tf, "y"));
      Optimizer.Updates updates = new Adagrad(1e-10, 0).build(tf, parameters);
      ExponentialMovingAverage average =
          new ExponentialMovingAverage(
              tf, 0.9, Map.of("x", SHAPE), name -> parameters.get(0).handle(), updates.updates());
      assertThat(before(graph, average.updates().get(0)))
          .containsAll(updates.updates().stream().map(op -> (GraphOperation) op.op()).toList());
      assertThat(before(graph, average.values().get("x")))
          .extracting(GraphOperation::type)
          .containsExactly("VarHandleOp");
    }
  }
}
