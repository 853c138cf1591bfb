package dev.mixer4j.finetune.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.Device;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.Checkpoint;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.GraphDef;

/**
 * A few training steps of a small network, to compare devices.
 *
 * @param loss of each step
 * @param weights after the last step
 */
record DeviceTrial(double[] loss, Map<String, float[]> weights) {

  private static final int IMAGES = 16;
  private static final int SIZE = 32;
  private static final int CLASSES = 10;
  private static final int STEPS = 3;

  private static final Network MIXER = Mixer.of(SIZE, 4, 128, 2, 64, 256, CLASSES);

  /** A network of each family. */
  static final List<Network> NETWORKS =
      List.of(
          MIXER,
          new LeNet5(ImageInput.square(28, 3), CLASSES),
          new ResNet(ImageInput.square(28, 3), CLASSES, ResNet.Shortcut.CONV),
          new MultilayerPerceptron(ImageInput.square(28, 3), List.of(16), CLASSES, false),
          new Gru(ImageInput.square(28, 1), 16, CLASSES),
          new VisionTransformer(ImageInput.square(28, 3), 7, 16, 1, 2, 16, CLASSES, true, 1e-6f),
          new ResMlp(ImageInput.square(28, 3), 7, 16, 1, 16, CLASSES, 0.1f),
          new VisionPermutator(
              ImageInput.square(28, 3), 7, List.of(1, 1), List.of(8, 12), 2, CLASSES));

  /** Makes the steps; {@link dev.mixer4j.core.MixerException} if the device is missing. */
  static DeviceTrial on(Device device) throws IOException {
    Path folder = Files.createTempDirectory("mixer4j-doctor");
    try {
      for (String name : List.of("data_batch_1.bin", "test_batch.bin")) {
        Files.write(folder.resolve(name), randomImages());
      }
      DoubleStream.Builder losses = DoubleStream.builder();
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void row(MetricsRow row) {
              if (row.split().equals(MetricsRow.TRAIN)) {
                losses.add(row.loss());
              }
            }
          };
      // Plain gradient descent: Adam's first steps make large changes of the smallest gradients.
      FineTuningResult result =
          FineTuning.scratch(MIXER, folder)
              .set("optimizer", Map.of("name", "sgd"))
              .set("learning_rate", 0.1)
              .set("batch_size", IMAGES)
              .set("steps", STEPS)
              .set("cache", "device")
              .set("log_every", 1)
              .devices(Devices.of(device))
              .run(folder.resolve("run"), listener);
      try (Checkpoint trained = Checkpoint.open(result.folder().resolve("final.h5"))) {
        return new DeviceTrial(losses.build().toArray(), copy(trained));
      }
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** In CIFAR-10's layout: a byte for the label, then the planes of an image. */
  private static byte[] randomImages() {
    int bytes = 1 + 3 * SIZE * SIZE;
    byte[] file = new byte[IMAGES * bytes];
    new Random(1).nextBytes(file);
    for (int i = 0; i < IMAGES; i++) {
      file[i * bytes] = (byte) (i % CLASSES);
    }
    return file;
  }

  /** The graph of a training with everything on; it mirrors and resizes images or crops them. */
  static GraphDef graphOfEverything(Network network, boolean crop) {
    TrainSettings settings =
        TrainSettings.fromJson(
            new JsonMapper()
                .createObjectNode()
                .put("learning_rate", 0.1)
                .put("batch_size", IMAGES)
                .put("steps", STEPS)
                .put("cache", "device")
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
    LabelledImages images = new LabelledImages(SIZE, SIZE, 3, pixels, new byte[IMAGES]);
    try (TrainingGraph graph =
        new TrainingGraph(new InitialWeights(network, 1), settings, images, Devices.cpus(2))) {
      return graph.definition();
    }
  }

  private static Map<String, float[]> copy(Weights weights) {
    Map<String, float[]> values = new TreeMap<>();
    for (Map.Entry<String, Shape> variable : MIXER.shapes().entrySet()) {
      float[] array = new float[(int) variable.getValue().size()];
      weights.read(variable.getKey(), FloatBuffer.wrap(array));
      values.put(variable.getKey(), array);
    }
    return values;
  }

  double lastLoss() {
    return loss[loss.length - 1];
  }

  /** The largest difference between two weights or losses. */
  double difference(DeviceTrial other) {
    double largest = 0;
    for (int i = 0; i < loss.length; i++) {
      largest = Math.max(largest, Math.abs(loss[i] - other.loss[i]));
    }
    for (Map.Entry<String, float[]> entry : weights.entrySet()) {
      float[] theirs = other.weights.get(entry.getKey());
      for (int i = 0; i < theirs.length; i++) {
        largest = Math.max(largest, Math.abs(entry.getValue()[i] - theirs[i]));
      }
    }
    return largest;
  }
}
