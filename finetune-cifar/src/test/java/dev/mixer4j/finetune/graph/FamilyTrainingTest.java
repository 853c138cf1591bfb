package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.EpochPlan;
import dev.mixer4j.finetune.optim.NamedTensors;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for the training of every family: several devices, and resuming. */
class FamilyTrainingTest {

  private static final int SIDE = 16;
  private static final int IMAGES = 12;
  private static final ImageInput INPUT = ImageInput.square(SIDE, 1);
  private static final Object[] SETTINGS = {"batch_size", 6, "micro_batch_size", 3, "epochs", 2};

  private static Stream<Network> networks() {
    return Stream.of(
        Mixer.of(SIDE, 4, 12, 2, 8, 16, 3).withInput(INPUT),
        new LeNet5(INPUT, 3),
        new ResNet(INPUT, 3, ResNet.Shortcut.BROADCAST),
        new MultilayerPerceptron(INPUT, List.of(9, 7), 3, false),
        new Gru(INPUT, 6, 3),
        new VisionTransformer(INPUT, 4, 12, 2, 3, 16, 3, true, 1e-6f),
        new ResMlp(INPUT, 4, 12, 2, 16, 3, 0.1f),
        new VisionPermutator(INPUT, 4, List.of(1, 1), List.of(8, 12), 2, 3));
  }

  private static LabelledImages images() {
    byte[] pixels = new byte[IMAGES * SIDE * SIDE];
    new Random(3).nextBytes(pixels);
    byte[] labels = new byte[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = (byte) (i % 3);
    }
    return new LabelledImages(SIDE, SIDE, 1, pixels, labels);
  }

  private static TrainingGraph graph(Network network, Devices devices) {
    return new TrainingGraph(
        new InitialWeights(network, 1), Fixtures.settings(SETTINGS), images(), devices);
  }

  /** Four steps, two epochs of two. */
  private static void train(TrainingGraph graph, int from, int to) {
    for (int step = from; step <= to; step++) {
      EpochPlan plan = EpochPlan.of(1, (step + 1) / 2, IMAGES, true, false);
      try (Batch batch = Batch.of(images(), graph.settings(), plan, (step - 1) % 2 + 1)) {
        graph.step(batch, 0.01, 1, true);
      }
    }
  }

  private static Map<String, float[]> weights(TrainingGraph graph) {
    try (Weights weights = graph.weights()) {
      return Fixtures.read(weights);
    }
  }

  private static Map<String, float[]> trained(Network network, Devices devices) {
    try (TrainingGraph graph = graph(network, devices)) {
      train(graph, 1, 4);
      return weights(graph);
    }
  }

  private static void assertSame(Map<String, float[]> found, Map<String, float[]> expected) {
    expected.forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
  }

  @Test
  void everyFamilyIsHere() {
    List<String> families = Networks.FAMILIES.stream().map(Family::name).toList();
    assertThat(networks().map(Network::family)).containsExactlyElementsOf(families);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyVariableMoves(Network network) {
    Map<String, float[]> start = Fixtures.read(new InitialWeights(network, 1));
    trained(network, Fixtures.CPU)
        .forEach((name, values) -> assertThat(values).as(name).isNotEqualTo(start.get(name)));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void twoDevicesGiveTheBitsOfTwoMicroBatches(Network network) {
    assertSame(trained(network, Devices.cpus(2)), trained(network, Fixtures.CPU));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void aRestoredTrainingGoesOnBitByBit(Network network) {
    try (TrainingGraph first = graph(network, Fixtures.CPU);
        TrainingGraph second = graph(network, Fixtures.CPU)) {
      train(first, 1, 2);
      try (Weights weights = first.weights();
          NamedTensors state = first.state()) {
        second.restore(2, weights, state);
      }
      train(second, 3, 4);
      assertSame(weights(second), trained(network, Fixtures.CPU));
    }
  }
}
