package dev.mixer4j.finetune.graph;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Device;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.EpochPlan;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;

/**
 * Training steps of a small network, to see whether a device does as another does.
 *
 * @param loss of each step
 * @param weights after the last one
 */
public record DeviceTrial(double[] loss, Map<String, float[]> weights) {

  private static final int IMAGES = 16;
  private static final int SIZE = 32;
  private static final int CLASSES = 10;
  private static final int STEPS = 3;

  private static final MixerConfig NETWORK = MixerConfig.of(SIZE, 4, 128, 2, 64, 256, CLASSES);

  /**
   * Makes the steps.
   *
   * @throws dev.mixer4j.core.MixerException if the device is not there
   */
  public static DeviceTrial on(Device device) {
    // Plain gradient descent: Adam's first steps make large changes of the smallest gradients.
    TrainSettings settings =
        TrainSettings.fromJson(
            settings().set("optimizer", new JsonMapper().createObjectNode().put("name", "sgd")));
    Random random = new Random(1);
    byte[] pixels = new byte[IMAGES * SIZE * SIZE * 3];
    random.nextBytes(pixels);
    byte[] labels = new byte[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = (byte) (i % CLASSES);
    }
    LabelledImages images = new LabelledImages(SIZE, SIZE, pixels, labels);
    EpochPlan plan = EpochPlan.of(1, 1, IMAGES, true, false);
    double[] loss = new double[STEPS];
    try (TrainingGraph graph =
        new TrainingGraph(new InitialWeights(NETWORK, 1), settings, images, Devices.of(device))) {
      for (int step = 1; step <= STEPS; step++) {
        try (Batch batch = Batch.of(images, settings, plan, 1)) {
          graph.step(batch, 0.1, 1, true);
          loss[step - 1] = graph.totals().loss() / IMAGES;
        }
      }
      return new DeviceTrial(loss, copy(graph));
    }
  }

  private static ObjectNode settings() {
    return new JsonMapper()
        .createObjectNode()
        .put("learning_rate", 0.1)
        .put("batch_size", IMAGES)
        .put("steps", STEPS)
        .put("cache", "device");
  }

  /**
   * What a training by Adam computes with everything switched on.
   *
   * @param crop whether it crops its images; otherwise it mirrors and resizes them
   */
  public static GraphDef graphOfEverything(boolean crop) {
    TrainSettings settings =
        TrainSettings.fromJson(
            settings()
                .put("micro_batch_size", IMAGES / 2)
                .put("precision", "bfloat16")
                .put("crop_min_area", crop ? Double.valueOf(0.1) : null)
                .put("flip", true)
                .put("mixup", 0.2)
                .put("dropout", 0.1)
                .put("stochastic_depth", 0.1)
                .put("label_smoothing", 0.1)
                .put("clip_norm", 1)
                .put("ema_decay", 0.9));
    byte[] pixels = new byte[IMAGES * SIZE * SIZE * 3];
    LabelledImages images = new LabelledImages(SIZE, SIZE, pixels, new byte[IMAGES]);
    try (TrainingGraph graph =
        new TrainingGraph(new InitialWeights(NETWORK, 1), settings, images, Devices.cpus(2))) {
      return graph.definition();
    }
  }

  private static Map<String, float[]> copy(TrainingGraph graph) {
    Map<String, float[]> values = new TreeMap<>();
    try (MixerWeights weights = graph.weights()) {
      for (Map.Entry<String, Shape> variable : NETWORK.variables().entrySet()) {
        float[] array = new float[(int) variable.getValue().size()];
        weights.read(variable.getKey(), FloatBuffer.wrap(array));
        values.put(variable.getKey(), array);
      }
    }
    return values;
  }

  public double lastLoss() {
    return loss[loss.length - 1];
  }

  /** The largest difference between two weights or losses. */
  public double difference(DeviceTrial other) {
    double largest = difference(loss, other.loss);
    for (Map.Entry<String, float[]> entry : weights.entrySet()) {
      float[] theirs = other.weights.get(entry.getKey());
      for (int i = 0; i < theirs.length; i++) {
        largest = Math.max(largest, Math.abs(entry.getValue()[i] - theirs[i]));
      }
    }
    return largest;
  }

  private static double difference(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }
}
