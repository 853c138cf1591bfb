package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.finetune.settings.OptimizerSettings;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class StateVariablesTest {

  /** Tensors in memory. */
  private record Tensors(Map<String, Shape> shapes, float value) implements NamedTensors {
    @Override
    public void read(String name, FloatBuffer destination) {
      for (long i = shapes.get(name).size(); i > 0; i--) {
        destination.put(value);
      }
    }

    @Override
    public void close() {}
  }

  private static float[] read(NamedTensors tensors) {
    FloatBuffer values = FloatBuffer.allocate(SmallNetwork.PARAMETERS);
    tensors.shapes().keySet().forEach(name -> tensors.read(name, values));
    return values.array();
  }

  @ParameterizedTest
  @ValueSource(strings = {"momentum", "adagrad", "rmsprop", "adam", "adamw"})
  void whatWasSavedStaysWhenTrainingGoesOn(String name) {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates =
          OptimizerSettings.of(name).build().build(network.tf, network.parameters());
      List<StateVariable> one =
          updates.state().stream()
              .filter(v -> !v.name().endsWith("adam_v")) // so that there is one for each parameter
              .toList();
      StateVariables state = new StateVariables(network.tf, one);
      network.start(updates.state());
      network.step(1, updates, 0.1);
      try (NamedTensors saved = state.save(network.session)) {
        float[] before = read(saved);
        state.load(network.session, saved);
        network.step(2, updates, 0.1);
        assertThat(read(saved)).isEqualTo(before);
        try (NamedTensors later = state.save(network.session)) {
          assertThat(read(later)).isNotEqualTo(before);
        }
      }
    }
  }

  @Test
  void readsIntoTheMiddleOfAnyBuffer() {
    try (SmallNetwork network = new SmallNetwork()) {
      StateVariables weights = network.everything(List.of());
      network.start(List.of());
      FloatBuffer direct =
          ByteBuffer.allocateDirect(40).order(ByteOrder.nativeOrder()).asFloatBuffer();
      float[] expected = new float[10];
      System.arraycopy(OptimizerFixtures.values("start.npy"), 88, expected, 3, 4);
      try (NamedTensors saved = weights.save(network.session)) {
        for (FloatBuffer buffer :
            List.of(direct, FloatBuffer.allocate(10), FloatBuffer.allocate(12).slice(2, 10))) {
          saved.read("head/bias", buffer.position(3));
          assertThat(buffer.position()).isEqualTo(7);
          float[] found = new float[10];
          buffer.rewind().get(found);
          assertThat(found).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void initializesAgain() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates =
          new Adam(0.9, 0.999, 1e-8, 0, false).build(network.tf, network.parameters());
      network.start(updates.state());
      assertThat(network.state()).containsOnly(0f);
      network.step(1, updates, 0.1);
      assertThat(network.state()).doesNotContain(0f);
      network.start(updates.state());
      assertThat(network.state()).containsOnly(0f);
    }
  }

  @Test
  void loadsOnlyWhatFits() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates =
          new Momentum(0.9, false, 0).build(network.tf, network.parameters());
      StateVariables state = new StateVariables(network.tf, updates.state());
      network.start(updates.state());
      Map<String, Shape> shapes = new LinkedHashMap<>(state.shapes());
      state.load(network.session, new Tensors(shapes, 2));
      assertThat(network.state()).containsOnly(2f);

      shapes.put("hidden/bias/adam_m", Shape.of(8));
      assertRefused(
          network, state, shapes, "hidden/bias/adam_m is not part of this training's state");
      shapes.remove("hidden/bias/adam_m");
      shapes.put("head/bias/momentum", Shape.of(5));
      assertRefused(
          network, state, shapes, "expected head/bias/momentum of shape [4], found shape [5]");
      shapes.remove("head/bias/momentum");
      assertRefused(
          network, state, shapes, "expected head/bias/momentum of shape [4], found no such tensor");
      assertThat(network.state()).containsOnly(2f);
    }
  }

  private static void assertRefused(
      SmallNetwork network, StateVariables state, Map<String, Shape> shapes, String message) {
    assertThatThrownBy(() -> state.load(network.session, new Tensors(shapes, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("saved state: " + message);
  }

  @Test
  void namesAreUnique() {
    try (SmallNetwork network = new SmallNetwork()) {
      StateVariable one = StateVariable.zeros(network.tf, "one", Shape.of(2));
      assertThatThrownBy(() -> new StateVariables(network.tf, List.of(one, one)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("two state variables named one");
    }
  }

  @Test
  void nothingToKeepIsFine() {
    try (SmallNetwork network = new SmallNetwork()) {
      StateVariables none = new StateVariables(network.tf, List.of());
      none.initialize(network.session);
      try (NamedTensors saved = none.save(network.session)) {
        assertThat(saved.shapes()).isEmpty();
        none.load(network.session, saved);
      }
    }
  }

  @Test
  void leavesNoTensorOpen() {
    try (SmallNetwork network = new SmallNetwork()) {
      Optimizer.Updates updates =
          new Adam(0.9, 0.999, 1e-8, 0, false).build(network.tf, network.parameters());
      StateVariables state = new StateVariables(network.tf, updates.state());
      network.start(updates.state());
      for (int i = 0; i < 22; i++) {
        long before = Pointer.totalCount();
        state.initialize(network.session);
        try (NamedTensors saved = state.save(network.session)) {
          state.load(network.session, saved);
        }
        // The first rounds set up what the session keeps for these runs.
        assertThat(i < 2 || Pointer.totalCount() <= before).isTrue();
      }
    }
  }
}
