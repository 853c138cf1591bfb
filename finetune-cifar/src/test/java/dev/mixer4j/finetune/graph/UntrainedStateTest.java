package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.EpochPlan;
import dev.mixer4j.finetune.optim.Loss;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.tensorflow.types.TUint8;

/** State that is not trained: the running averages of batch norm. */
class UntrainedStateTest {

  private static final int IMAGES = 8;

  private static final Network NETWORK =
      new ResNet(ImageInput.square(8, 1), 3, ResNet.Shortcut.BROADCAST);

  /** The images differ in brightness, so that each part of a batch has statistics of its own. */
  private static LabelledImages images(int from, int to) {
    byte[] pixels = new byte[(to - from) * 64];
    Random random = new Random(3);
    for (int i = 0; i < to * 64; i++) {
      int level = 10 + 25 * (i / 64) + random.nextInt(20);
      if (i >= from * 64) {
        pixels[i - from * 64] = (byte) level;
      }
    }
    byte[] labels = new byte[to - from];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (byte) ((from + i) % 3);
    }
    return new LabelledImages(8, 8, 1, pixels, labels);
  }

  private static TrainingGraph graph(LabelledImages images, Devices devices, Object... settings) {
    return new TrainingGraph(
        new InitialWeights(NETWORK, 1), Fixtures.settings(settings), images, devices);
  }

  private static void step(TrainingGraph graph, LabelledImages images, long step) {
    TrainSettings settings = graph.settings();
    EpochPlan plan = EpochPlan.of(1, 1, images.size(), false, false);
    long inEpoch = (step - 1) % settings.stepsPerEpoch(images.size()) + 1;
    try (Batch batch = Batch.of(images, settings, plan, inEpoch)) {
      graph.step(batch, 0.05, 1, true);
    }
  }

  private static Map<String, float[]> weights(TrainingGraph graph) {
    try (Weights weights = graph.weights()) {
      return Fixtures.read(weights);
    }
  }

  private static Map<String, float[]> train(
      int steps, LabelledImages images, Devices devices, Object... settings) {
    try (TrainingGraph graph = graph(images, devices, settings)) {
      for (int step = 1; step <= steps; step++) {
        step(graph, images, step);
      }
      return weights(graph);
    }
  }

  /** The averages, mean and variance of both layers. */
  private static float[] averages(Map<String, float[]> weights) {
    FloatBuffer all = FloatBuffer.allocate(4 * 8);
    for (String name :
        new String[] {"norm1/mean", "norm1/variance", "norm2/mean", "norm2/variance"}) {
      all.put(weights.get(name));
    }
    return all.array();
  }

  private static float[] start() {
    return averages(Fixtures.read(new InitialWeights(NETWORK, 1)));
  }

  private static void assertNear(float[] found, float[] expected, float within) {
    assertThat(found).containsExactly(expected, Offset.offset(within));
  }

  @Test
  void aStepMovesTheAveragesAsPartsOfTheBatchAskWeightedByTheirImages() {
    float[] first = averages(train(1, images(0, 6), Fixtures.CPU, "batch_size", 6));
    float[] second = averages(train(1, images(6, 8), Fixtures.CPU, "batch_size", 2));
    float[] start = start();
    float[] expected = new float[start.length];
    for (int i = 0; i < start.length; i++) {
      expected[i] = start[i] + (6 * (first[i] - start[i]) + 2 * (second[i] - start[i])) / 8;
    }
    assertThat(first).isNotEqualTo(start).isNotEqualTo(second);
    LabelledImages all = images(0, IMAGES);
    float[] parts = averages(train(1, all, Fixtures.CPU, "batch_size", 8, "micro_batch_size", 6));
    assertNear(parts, expected, 1e-6f);
    float[] devices =
        averages(train(1, all, Devices.cpus(2), "batch_size", 8, "micro_batch_size", 6));
    assertNear(devices, expected, 1e-6f);
  }

  @Test
  void severalDevicesAndOneWithoutImagesGiveTheSame() {
    LabelledImages all = images(0, IMAGES);
    Object[] settings = {"batch_size", 8, "micro_batch_size", 4, "epochs", 4};
    Map<String, float[]> one = train(4, all, Fixtures.CPU, settings);
    for (int count : new int[] {2, 3}) {
      Map<String, float[]> several = train(4, all, Devices.cpus(count), settings);
      one.forEach((name, values) -> assertNear(several.get(name), values, 1e-6f));
    }
  }

  @Test
  void clippingAndWeightDecayLeaveThemAlone() {
    LabelledImages all = images(0, IMAGES);
    Map<String, float[]> plain = train(1, all, Fixtures.CPU, "batch_size", 8);
    Map<String, float[]> bound =
        train(
            1,
            all,
            Fixtures.CPU,
            "batch_size",
            8,
            "clip_norm",
            1e-6,
            "optimizer",
            Map.of("name", "adamw", "weight_decay", 0.5));
    assertThat(averages(bound)).isEqualTo(averages(plain));
    assertThat(bound.get("head/kernel")).isNotEqualTo(plain.get("head/kernel"));
  }

  @Test
  void theMovingAverageOfTheWeightsCopiesThem() {
    LabelledImages all = images(0, IMAGES);
    try (TrainingGraph graph = graph(all, Fixtures.CPU, "batch_size", 8, "ema_decay", 0.9)) {
      for (int step = 1; step <= 3; step++) {
        step(graph, all, step);
      }
      Map<String, float[]> now = weights(graph);
      try (Weights measured = graph.snapshot()) {
        Map<String, float[]> average = Fixtures.read(measured);
        assertThat(averages(average)).isEqualTo(averages(now)).isNotEqualTo(start());
        assertThat(average.get("norm1/scale")).isNotEqualTo(now.get("norm1/scale"));
      }
    }
  }

  @Test
  void aFrozenBackboneKeepsAndUsesThem() {
    LabelledImages all = images(0, IMAGES);
    int[] indices = IntStream.range(0, IMAGES).toArray();
    try (TrainingGraph graph = graph(all, Fixtures.CPU, "batch_size", 8, "head_only", true)) {
      float[][] logits;
      try (TUint8 pixels = all.pixels(indices)) {
        logits = graph.logits(pixels);
      }
      step(graph, all, 1);
      assertThat(graph.totals().loss() / IMAGES)
          .as("a step sees what inference does")
          .isCloseTo(Loss.CROSS_ENTROPY.mean(logits, all.labels(indices)), Offset.offset(1e-6));
      Map<String, float[]> before = Fixtures.read(new InitialWeights(NETWORK, 1));
      weights(graph)
          .forEach(
              (name, values) -> {
                if (name.startsWith("head/")) {
                  assertThat(values).as(name).isNotEqualTo(before.get(name));
                } else {
                  assertThat(values).as(name).isEqualTo(before.get(name));
                }
              });
    }
  }

  @Test
  void aTrainingThatIsRestoredGoesOnBitByBit() {
    LabelledImages all = images(0, IMAGES);
    Object[] settings = {"batch_size", 4, "micro_batch_size", 3, "epochs", 4};
    Map<String, float[]> whole = train(4, all, Fixtures.CPU, settings);
    Map<String, float[]> resumed = new LinkedHashMap<>();
    try (TrainingGraph first = graph(all, Fixtures.CPU, settings)) {
      step(first, all, 1);
      step(first, all, 2);
      try (Weights weights = first.weights();
          NamedTensors state = first.state();
          TrainingGraph second = graph(all, Fixtures.CPU, settings)) {
        second.restore(2, weights, state);
        step(second, all, 3);
        step(second, all, 4);
        resumed.putAll(weights(second));
      }
    }
    whole.forEach((name, values) -> assertThat(resumed.get(name)).as(name).isEqualTo(values));
  }

  @Test
  void aStepThatIsNotFiniteChangesNothing() {
    LabelledImages all = images(0, IMAGES);
    for (Object[] settings :
        new Object[][] {{"batch_size", 8}, {"batch_size", 8, "micro_batch_size", 4}}) {
      Weights huge = new TrainingGraphTest.Huge(new InitialWeights(NETWORK, 1));
      try (TrainingGraph graph =
          new TrainingGraph(huge, Fixtures.settings(settings), all, Fixtures.CPU)) {
        Map<String, float[]> before = weights(graph);
        assertThatThrownBy(() -> step(graph, all, 1)).isInstanceOf(DivergenceException.class);
        assertThat(averages(weights(graph))).isEqualTo(averages(before));
      }
    }
  }
}
