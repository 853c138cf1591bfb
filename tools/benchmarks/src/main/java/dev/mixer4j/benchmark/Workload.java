package dev.mixer4j.benchmark;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerPreset;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Precision;
import dev.mixer4j.weights.CheckpointWriter;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.TargetFormat;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.tensorflow.ndarray.Shape;

/**
 * What the contenders of one comparison have in common.
 *
 * @param device {@code cpu}, {@code gpu} or {@code gpu:1}, as {@link dev.mixer4j.core.Device} reads
 *     it
 */
record Workload(
    StepTask task, MixerPreset variant, int imageSize, String device, Precision precision) {

  boolean onGpu() {
    return !device.equals("cpu");
  }

  /** Writes the weights, which no batch changes. */
  void writeWeights(Path folder) throws IOException {
    MixerWeights weights = new RandomHead(config());
    for (TargetFormat format : List.of(TargetFormat.NPZ, TargetFormat.H5)) {
      Path file = folder.resolve("weights." + format);
      CheckpointWriter.write(file, format, weights, new Source("none", ""), false, n -> {});
    }
  }

  /** Writes a batch, unless it is there. */
  void writeBatch(Path folder, int batch) throws IOException {
    Path inputs = folder.resolve(Integer.toString(batch));
    Files.createDirectories(inputs);
    if (!Files.exists(inputs.resolve("inputs.u8")) && !Files.exists(inputs.resolve("inputs.f32"))) {
      task.writeInputs(inputs, batch, imageSize, onGpu());
    }
  }

  private MixerConfig config() {
    return variant.config(imageSize, task.classes).withGelu(Gelu.ERF);
  }

  /**
   * Floating-point operations of a step's matrix products, two for each multiplication and sum:
   * those of stem and blocks, without the head's, of which there are too few to count.
   */
  double flops(int batch) {
    MixerConfig c = config();
    double stem = 3.0 * c.patchSize() * c.patchSize() * c.hiddenSize();
    double block = 2.0 * c.hiddenSize() * (c.tokensMlpSize() + c.channelsMlpSize());
    return 2.0 * batch * c.tokens() * (stem + c.blocks() * block) * task.passes;
  }

  /**
   * The largest difference of two contenders' outputs, as a share of the largest value; infinite
   * where they cannot be compared.
   */
  static double difference(float[] a, float[] b) {
    if (a.length != b.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i]));
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
    }
    double share = difference / largest;
    return Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
  }

  /**
   * What that may come to: far above rounding, far below a mistake. In bfloat16 logits differ from
   * PyTorch's by up to 6e-3 on a processor (S/32, B/16, L/16), for autocast also rounds stem, head
   * and GELU; TF32 has three bits more.
   */
  double tolerance() {
    return switch (precision) {
      case FLOAT32 -> 1e-4;
      case TF32 -> 2.5e-3;
      case BFLOAT16 -> 2e-2;
    };
  }

  /** The initial weights, with a head that is not zero, so that there are logits to compare. */
  private record RandomHead(MixerConfig config) implements MixerWeights {
    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      if (!name.equals("head/kernel")) {
        new InitialWeights(config, 1).read(name, destination);
        return;
      }
      Random random = new Random(1);
      Shape shape = config.variables().get(name);
      double std = 1 / Math.sqrt(shape.get(0));
      for (long n = shape.size(); n > 0; n--) {
        destination.put((float) (std * random.nextGaussian()));
      }
    }

    @Override
    public void close() {}
  }
}
