package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.CachedImages;
import dev.mixer4j.finetune.input.EpochPlan;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.session.TrainingDevices;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TUint8;

/** Several devices, which are the processor, divided. */
class DevicesTest {

  @TempDir Path dir;

  private static final int IMAGES = 14;

  private static LabelledImages images() {
    return images(32);
  }

  private static LabelledImages images(int size) {
    byte[] pixels = new byte[IMAGES * size * size * 3];
    new Random(3).nextBytes(pixels);
    byte[] labels = new byte[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = (byte) (i % Fixtures.NAMES.size());
    }
    return new LabelledImages(size, size, 3, pixels, labels);
  }

  /** What is left of two epochs: weights, the rest of the state, and the totals. */
  private record Trained(
      Map<String, float[]> weights, Map<String, float[]> average, double loss, long correct) {

    static Trained on(Devices devices, Object... settings) {
      LabelledImages images = images();
      try (TrainingGraph graph =
          new TrainingGraph(
              new InitialWeights(Fixtures.TINY, 5), Fixtures.settings(settings), images, devices)) {
        TrainSettings settled = graph.settings();
        long perEpoch = settled.stepsPerEpoch(IMAGES);
        for (int step = 1; step <= 2 * perEpoch; step++) {
          int epoch = (int) ((step - 1) / perEpoch) + 1;
          EpochPlan plan = EpochPlan.of(1, epoch, IMAGES, true, true);
          try (Batch batch = Batch.of(images, settled, plan, step)) {
            graph.step(batch, 0.05, 1, step == 2);
          }
        }
        TrainingGraph.Totals totals = graph.totals();
        try (Weights weights = graph.weights();
            Weights average = graph.snapshot()) {
          return new Trained(
              Fixtures.read(weights), Fixtures.read(average), totals.loss(), totals.correct());
        }
      }
    }

    void assertNear(Trained other, float within) {
      assertNear(weights, other.weights, within);
      assertNear(average, other.average, within);
      assertThat(loss).isCloseTo(other.loss, Offset.offset(IMAGES * (double) within));
      assertThat(correct).isEqualTo(other.correct);
    }

    private static void assertNear(Map<String, float[]> a, Map<String, float[]> b, float within) {
      assertThat(a.keySet()).isEqualTo(b.keySet());
      a.forEach(
          (name, values) ->
              assertThat(values).as(name).containsExactly(b.get(name), Offset.offset(within)));
    }
  }

  private static final Map<String, Object> MOMENTUM = Map.of("name", "momentum");

  /** The last batch of an epoch has two images, so that there is one device with nothing to do. */
  @Test
  void twoMakeTheUpdatesOfTwoMicroBatchesBitByBit() {
    Object[] settings = {
      "batch_size",
      12,
      "ema_decay",
      0.9,
      "clip_norm",
      0.5,
      "dropout",
      0.2,
      "mixup",
      0.5,
      "stochastic_depth",
      0.2,
      "crop_min_area",
      0.5,
      "micro_batch_size",
      6,
      "optimizer",
      MOMENTUM
    };
    Trained one = Trained.on(Fixtures.CPU, settings);
    Trained.on(Devices.cpus(2), settings).assertNear(one, 0);
    assertThat(one.weights.get("head/bias")).isNotEqualTo(new float[3]);
  }

  @Test
  void severalMakeTheUpdatesOfOneButForRounding() {
    Object[] settings = {"batch_size", 12, "ema_decay", 0.9, "optimizer", MOMENTUM};
    Trained one = Trained.on(Fixtures.CPU, settings);
    Trained several = Trained.on(Devices.cpus(3), settings);
    several.assertNear(one, 2e-6f);
    Trained.on(Devices.cpus(3), settings).assertNear(several, 0);
  }

  @Test
  void imagesMayStayOnEachDevice() {
    Object[] settings = {"batch_size", 12, "cache", "host", "optimizer", MOMENTUM};
    Trained host = Trained.on(Devices.cpus(2), settings);
    settings[3] = "device";
    Trained.on(Devices.cpus(2), settings).assertNear(host, 0);
  }

  /** Of 27 bytes each, which is no whole number of words. */
  @Test
  void anyNumberOfBytesMakesACachedImage() {
    LabelledImages images = images(3);
    int[] chosen = {13, 0, 5, 5};
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      CachedImages cache = new CachedImages(tf, images);
      Operand<TUint8> gathered = cache.gather(tf, tf.constant(chosen));
      try (Session session = new Session(graph)) {
        cache.load(session, images);
        try (Result result = session.runner().fetch(gathered).run();
            TUint8 expected = images.pixels(chosen)) {
          assertThat(result.get(0)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void microBatchesMayBeMoreThanTheDevices() {
    Object[] settings = {"batch_size", 12, "micro_batch_size", 4, "optimizer", MOMENTUM};
    Trained.on(Devices.cpus(2), settings).assertNear(Trained.on(Fixtures.CPU, settings), 1e-6f);
  }

  @Test
  void aStepThatFailsChangesNothing() {
    Weights start = new TrainingGraphTest.Huge(new InitialWeights(Fixtures.TINY, 5));
    LabelledImages images = images();
    TrainSettings settings = Fixtures.settings("batch_size", 12);
    try (TrainingGraph graph = new TrainingGraph(start, settings, images, Devices.cpus(2))) {
      EpochPlan plan = EpochPlan.of(1, 1, IMAGES, true, false);
      try (Batch batch = Batch.of(images, graph.settings(), plan, 1)) {
        assertThatThrownBy(() -> graph.step(batch, 0.1, 1, true))
            .isInstanceOf(DivergenceException.class)
            .hasMessageContaining("step 1 (epoch 1, images 0 to 11");
      }
      try (Weights weights = graph.weights()) {
        Map<String, float[]> found = Fixtures.read(weights);
        Fixtures.read(start)
            .forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
      }
    }
  }

  @Test
  void aRunOfTwoGoesOnWithOne() throws Exception {
    Path data = Fixtures.cifar(dir.resolve("data"));
    Path weights = Fixtures.weights(dir.resolve("start.h5"));
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    FineTuning tuning =
        FineTuning.of(weights, data)
            .set("batch_size", 20)
            .set("micro_batch_size", 10)
            .set("learning_rate", 1e-3)
            .set("ema_decay", 0.5);
    tuning.run(whole, TrainingListener.NONE);
    TrainingListener stop =
        new TrainingListener() {
          private long steps;

          @Override
          public void step(long step, int images, double loss, double accuracy) {
            steps = step;
          }

          @Override
          public boolean stopRequested() {
            return steps == 4;
          }
        };
    tuning.devices(Devices.cpus(2)).run(parts, stop);
    FineTuning.resume(parts, TrainingListener.NONE, Devices.of(Device.CPU));
    Map<String, float[]> expected = Fixtures.read(whole.resolve("final.h5"));
    Map<String, float[]> found = Fixtures.read(parts.resolve("final.h5"));
    expected.forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
    List<String> rows = Files.readAllLines(whole.resolve("metrics.csv"));
    List<String> again = Files.readAllLines(parts.resolve("metrics.csv"));
    assertThat(again.get(again.size() - 1).split(",")[3])
        .isEqualTo(rows.get(rows.size() - 1).split(",")[3]);
  }

  /** Of which the session on the copy of the graph is the most. */
  @Test
  void memoryStaysFlat() {
    long warm = 0;
    for (int i = 0; i < 12; i++) {
      Trained.on(Devices.cpus(2), "batch_size", 12, "epochs", 1);
      System.gc();
      if (i == 3) {
        warm = Pointer.physicalBytes();
      }
    }
    assertThat(Pointer.physicalBytes() - warm).isLessThan(30_000_000);
  }

  @Test
  void devicesWithNothingToDoAreWarnedOf() throws Exception {
    List<String> warnings = new ArrayList<>();
    FineTuning.of(Fixtures.weights(dir.resolve("start.h5")), Fixtures.cifar(dir.resolve("data")))
        .set("batch_size", 20)
        .set("micro_batch_size", 10)
        .set("epochs", null)
        .set("steps", 1)
        .devices(Devices.cpus(3))
        .run(
            dir.resolve("run"),
            new TrainingListener() {
              @Override
              public void warning(String message) {
                warnings.add(message);
              }
            });
    assertThat(warnings).singleElement().asString().startsWith("1 of the devices have no part");
  }

  @Test
  void gpusThatAreNotThereAreToldAtOnce() {
    for (Devices devices : List.of(Devices.gpus(2), Devices.allGpus())) {
      assertThatThrownBy(new TrainingDevices(devices)::find)
          .isInstanceOf(MixerException.class)
          .hasMessageContaining(devices + ": TensorFlow sees 0 GPUs")
          .hasMessageContaining("doctor");
    }
    assertThatThrownBy(() -> Devices.gpus(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void settingsAreSettledByTheDevices() {
    TrainingDevices.Found two = new TrainingDevices(Devices.cpus(2)).find();
    TrainSettings settled =
        TrainingGraph.settle(Fixtures.settings("batch_size", 15), images(), two);
    assertThat(settled.microBatchSize()).isEqualTo(8);
    assertThat(settled.cache()).isEqualTo(TrainSettings.Cache.HOST);
    TrainSettings given = Fixtures.settings("micro_batch_size", 3, "cache", "device");
    assertThat(TrainingGraph.settle(given, images(), two)).isEqualTo(given);
    assertThat(TrainingGraph.settle(given, images(), new TrainingDevices(Fixtures.CPU).find()))
        .isEqualTo(given);
  }
}
