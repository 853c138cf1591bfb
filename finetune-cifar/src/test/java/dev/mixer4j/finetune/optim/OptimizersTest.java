package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.settings.OptimizerSettings;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every optimizer against PyTorch's: tools/reference/make_optimizer_fixtures.py made the files. */
class OptimizersTest {

  static Stream<OptimizerFixtures.Case> cases() {
    return OptimizerFixtures.cases().stream();
  }

  @Test
  void everyOptimizerHasACaseWithItsDefaultsAndOneWithWeightDecay() {
    assertThat(OptimizerSettings.NAMES)
        .allSatisfy(
            name -> {
              assertThat(OptimizerFixtures.defaults(name).settings()).hasSize(1);
              assertThat(cases())
                  .anyMatch(
                      c ->
                          c.settings().get("name").textValue().equals(name)
                              && c.settings().has("weight_decay"));
            });
  }

  @ParameterizedTest
  @MethodSource("cases")
  void followsPyTorch(OptimizerFixtures.Case expected) {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates = expected.optimizer().build(network.tf, network.parameters());
      network.start(updates.state());
      float[] losses = new float[OptimizerFixtures.STEPS];
      for (int step = 1; step <= losses.length; step++) {
        losses[step - 1] = network.step(step, updates, expected.rate(step));
        int snapshot = OptimizerFixtures.SNAPSHOTS.indexOf(step);
        if (snapshot >= 0) {
          assertThat(OptimizerFixtures.difference(network.weights(), expected.parameters(snapshot)))
              .as("parameters after step %d", step)
              .isLessThan(3e-6);
        }
      }
      assertThat(OptimizerFixtures.difference(losses, expected.losses())).isLessThan(1e-6);
    }
  }

  /** A hundred steps at once, or fifty, and fifty more in another graph and session. */
  @ParameterizedTest
  @MethodSource("cases")
  void continuesBitByBit(OptimizerFixtures.Case one) {
    float[] atOnce;
    float[] state;
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates = one.optimizer().build(network.tf, network.parameters());
      network.start(updates.state());
      steps(network, updates, one, 1, 100);
      atOnce = network.weights();
      state = network.state();
    }
    try (SmallNetwork first = new SmallNetwork();
        SmallNetwork second = new SmallNetwork()) {
      Optimizer.Updates updates = one.optimizer().build(first.tf, first.parameters());
      first.start(updates.state());
      StateVariables from = first.everything(updates.state());
      steps(first, updates, one, 1, 50);
      Optimizer.Updates continued = one.optimizer().build(second.tf, second.parameters());
      StateVariables to = second.everything(continued.state());
      second.start(continued.state());
      try (NamedTensors saved = from.save(first.session)) {
        to.load(second.session, saved);
      }
      steps(second, continued, one, 51, 100);
      assertThat(second.weights()).isEqualTo(atOnce);
      assertThat(second.state()).isEqualTo(state);
    }
  }

  private static void steps(
      SmallNetwork network,
      Optimizer.Updates updates,
      OptimizerFixtures.Case one,
      int from,
      int to) {
    for (int step = from; step <= to; step++) {
      network.step(step, updates, one.rate(step));
    }
  }

  /** A linear probe: what is not in the list stays as it is, and has no state. */
  @ParameterizedTest
  @MethodSource("cases")
  void trainsTheGivenParametersOnly(OptimizerFixtures.Case one) {
    try (SmallNetwork network = new SmallNetwork()) {
      List<Optimizer.Parameter> head =
          network.parameters().stream().filter(p -> p.name().startsWith("head/")).toList();
      Optimizer.Updates updates = one.optimizer().build(network.tf, head);
      network.start(updates.state());
      steps(network, updates, one, 1, 3);
      float[] start = OptimizerFixtures.values("start.npy");
      float[] end = network.weights();
      assertThat(Arrays.copyOf(end, 56)).isEqualTo(Arrays.copyOf(start, 56));
      assertThat(end[92]).isEqualTo(start[92]);
      for (int i = 56; i < 92; i++) {
        assertThat(end[i]).isNotEqualTo(start[i]);
      }
      assertThat(updates.state()).allMatch(variable -> variable.name().startsWith("head/"));
    }
  }
}
