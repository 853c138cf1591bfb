package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.network.Mixer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Against timm's: tools/reference/make_optimizer_fixtures.py made the files. */
class ExponentialMovingAverageTest {

  private static final double DECAY = 0.97;
  private static final OptimizerFixtures.Case ADAM = OptimizerFixtures.defaults("adam");

  private static ExponentialMovingAverage of(
      SmallNetwork network, double decay, Optimizer.Updates updates) {
    Map<String, Optimizer.Parameter> byName =
        network.parameters().stream()
            .collect(Collectors.toMap(Optimizer.Parameter::name, parameter -> parameter));
    return new ExponentialMovingAverage(
        network.tf,
        decay,
        SmallNetwork.shapes(),
        name -> byName.get(name).handle(),
        updates.updates());
  }

  private static Optimizer.Updates with(
      Optimizer.Updates updates, ExponentialMovingAverage average) {
    List<StateVariable> state = new ArrayList<>(updates.state());
    state.addAll(average.state());
    List<Op> operations = new ArrayList<>(updates.updates());
    operations.addAll(average.updates());
    return new Optimizer.Updates(state, operations, updates.scalars());
  }

  private static float[] averages(SmallNetwork network, ExponentialMovingAverage average) {
    Session.Runner runner = network.session.runner();
    SmallNetwork.shapes().keySet().forEach(name -> runner.fetch(average.values().get(name)));
    FloatBuffer values = FloatBuffer.allocate(SmallNetwork.PARAMETERS);
    try (Result result = runner.run()) {
      result.forEach(
          entry -> ((TFloat32) entry.getValue()).scalars().forEach(v -> values.put(v.getFloat())));
    }
    return values.array();
  }

  @Test
  void followsTimms() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates plain = ADAM.optimizer().build(network.tf, network.parameters());
      ExponentialMovingAverage average = of(network, DECAY, plain);
      Optimizer.Updates updates = with(plain, average);
      network.start(updates.state());
      assertThat(averages(network, average)).isEqualTo(OptimizerFixtures.values("start.npy"));
      for (int step = 1; step <= OptimizerFixtures.STEPS; step++) {
        network.step(step, updates, ADAM.rate(step));
        int snapshot = OptimizerFixtures.SNAPSHOTS.indexOf(step);
        if (snapshot >= 0) {
          float[] expected = OptimizerFixtures.row("ema.npy", snapshot, SmallNetwork.PARAMETERS);
          assertThat(OptimizerFixtures.difference(averages(network, average), expected))
              .as("after step %d", step)
              .isLessThan(2e-6);
        }
      }
      assertThat(OptimizerFixtures.difference(network.weights(), ADAM.parameters(3)))
          .as("the weights themselves")
          .isLessThan(3e-6);
    }
  }

  @Test
  void withoutDecayIsTheWeightsAfterTheUpdate() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates plain = new Sgd(0).build(network.tf, network.parameters());
      ExponentialMovingAverage average = of(network, 0, plain);
      Optimizer.Updates updates = with(plain, average);
      network.start(updates.state());
      for (int step = 1; step <= 20; step++) {
        network.step(step, updates, 0.1);
        assertThat(OptimizerFixtures.difference(averages(network, average), network.weights()))
            .isLessThan(1e-7);
      }
    }
  }

  /** In float32, 0.9999 and 1 - 0.9999 add up to less than 1: an average made so would shrink. */
  @Test
  void longAverageOfSteadyWeightsIsTheWeights() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates plain = new Sgd(0).build(network.tf, network.parameters());
      ExponentialMovingAverage average = of(network, 0.9999, plain);
      network.start(average.state());
      Optimizer.Updates updates = with(plain, average);
      for (int step = 1; step <= 1000; step++) {
        network.step(step, updates, 0);
      }
      assertThat(averages(network, average)).isEqualTo(OptimizerFixtures.values("start.npy"));
    }
  }

  @Test
  void continuesBitByBit() {
    float[] atOnce;
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates plain = ADAM.optimizer().build(network.tf, network.parameters());
      ExponentialMovingAverage average = of(network, DECAY, plain);
      Optimizer.Updates updates = with(plain, average);
      network.start(updates.state());
      for (int step = 1; step <= 20; step++) {
        network.step(step, updates, ADAM.rate(step));
      }
      atOnce = averages(network, average);
    }
    try (SmallNetwork first = new SmallNetwork();
        SmallNetwork second = new SmallNetwork()) {
      Optimizer.Updates plain = ADAM.optimizer().build(first.tf, first.parameters());
      Optimizer.Updates updates = with(plain, of(first, DECAY, plain));
      StateVariables from = first.everything(updates.state());
      first.start(updates.state());
      for (int step = 1; step <= 10; step++) {
        first.step(step, updates, ADAM.rate(step));
      }
      Optimizer.Updates plain2 = ADAM.optimizer().build(second.tf, second.parameters());
      ExponentialMovingAverage average = of(second, DECAY, plain2);
      Optimizer.Updates continued = with(plain2, average);
      StateVariables to = second.everything(continued.state());
      try (NamedTensors saved = from.save(first.session)) {
        to.load(second.session, saved);
      }
      for (int step = 11; step <= 20; step++) {
        second.step(step, continued, ADAM.rate(step));
      }
      assertThat(averages(second, average)).isEqualTo(atOnce);
    }
  }

  @Test
  void snapshotAndNetworkHaveTheAverages() {
    Mixer config = Mixer.of(16, 8, 8, 1, 6, 10, 3);
    try (Graph graph = new Graph();
        InitialWeights start = new InitialWeights(config, 5)) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, config);
      List<Op> updates = new ArrayList<>();
      config
          .shapes()
          .forEach(
              (name, shape) ->
                  updates.add(
                      tf.assignAddVariableOp(
                          variables.handle(name),
                          tf.fill(tf.constant(shape.asArray()), tf.constant(1f)))));
      var average =
          new ExponentialMovingAverage(tf, 0.75, config.shapes(), variables::handle, updates);
      StateVariables state = new StateVariables(tf, average.state());
      Operand<TFloat32> images =
          tf.random.statelessRandomUniform(
              tf.constant(new int[] {2, 16, 16, 3}), tf.constant(new int[] {1, 2}), TFloat32.class);
      var averaged = config.apply(Pass.inference(tf, average.values()::get), images).logits();
      var plain = config.apply(Pass.inference(tf, variables::value), images).logits();
      try (Session session = new Session(graph)) {
        variables.load(session, start);
        state.initialize(session);
        Session.Runner runner = session.runner();
        updates.forEach(runner::addTarget);
        average.updates().forEach(runner::addTarget);
        runner.run().close();
        float[][] expected = logits(session, averaged);
        assertThat(logits(session, plain)).isNotEqualTo(expected);
        try (Weights snapshot = Variables.snapshot(session, config, average.values()::get)) {
          for (Map.Entry<String, Shape> variable : config.shapes().entrySet()) {
            float[] before = read(start, variable);
            float[] after = read(snapshot, variable);
            for (int i = 0; i < before.length; i++) {
              assertThat(after[i]).isEqualTo(before[i] + 0.25f, within(before[i]));
            }
          }
          variables.load(session, snapshot);
        }
        assertThat(logits(session, plain)).isDeepEqualTo(expected);
      }
    }
  }

  private static Offset<Float> within(float value) {
    return Offset.offset(2 * Math.ulp(1 + Math.abs(value)));
  }

  private static float[] read(Weights weights, Map.Entry<String, Shape> variable) {
    float[] values = new float[(int) variable.getValue().size()];
    weights.read(variable.getKey(), FloatBuffer.wrap(values));
    return values;
  }

  private static float[][] logits(Session session, Operand<TFloat32> logits) {
    try (Result result = session.runner().fetch(logits).run()) {
      return StdArrays.array2dCopyOf((TFloat32) result.get(0));
    }
  }

  @Test
  void refusesADecayThatIsNone() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates = new Sgd(0).build(network.tf, network.parameters());
      for (double decay : new double[] {-0.1, 1, Double.NaN}) {
        assertThatThrownBy(() -> of(network, decay, updates))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("expected a decay of at least 0 and below 1, found " + decay);
      }
    }
  }
}
