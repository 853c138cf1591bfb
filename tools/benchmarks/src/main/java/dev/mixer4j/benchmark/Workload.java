package dev.mixer4j.benchmark;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
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
record Workload(StepTask task, Variant variant, int imageSize, String device, Precision precision) {

  boolean onGpu() {
    return !device.equals("cpu");
  }

  /**
   * Writes the weights, which no batch changes, and for all but Mixers what network they are of.
   */
  void writeWeights(Path folder) throws IOException {
    Weights weights = new RandomHead(network());
    TargetFormat python = variant.isMixer() ? TargetFormat.NPZ : TargetFormat.SAFETENSORS;
    for (TargetFormat format : List.of(python, TargetFormat.H5)) {
      Path file = folder.resolve("weights." + format);
      CheckpointWriter.write(file, format, weights, ModelInfo.NONE, false, n -> {});
    }
    if (!variant.isMixer()) {
      Files.writeString(folder.resolve("network.json"), NetworkJson.write(network()).toString());
    }
  }

  /** Writes a batch, unless it is there. */
  void writeBatch(Path folder, int batch) throws IOException {
    Path inputs = folder.resolve(Integer.toString(batch));
    Files.createDirectories(inputs);
    if (!Files.exists(inputs.resolve("inputs.u8")) && !Files.exists(inputs.resolve("inputs.f32"))) {
      task.writeInputs(inputs, batch, network().input(), onGpu());
    }
  }

  private Network network() {
    Network network = variant.network();
    return network.withInput(network.input().withSize(imageSize)).withClasses(task.classes);
  }

  /**
   * Floating-point operations of a step's matrix products, two for each multiplication and sum:
   * those of a Mixer's stem and blocks, without the head's, of which there are too few to count; of
   * other networks not a number.
   */
  double flops(int batch) {
    if (!(network() instanceof Mixer c)) {
      return Double.NaN;
    }
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
   * PyTorch's by up to 6e-3 on a CPU (S/32, B/16, L/16), for autocast also rounds stem, head and
   * GELU; TF32 has three bits more.
   */
  double tolerance() {
    return switch (precision) {
      case FLOAT32 -> 1e-4;
      case TF32 -> 2.5e-3;
      case BFLOAT16 -> 2e-2;
    };
  }

  /** The initial weights, with a head that is not zero, so that there are logits to compare. */
  private record RandomHead(Network network) implements Weights {
    @Override
    public void read(String name, FloatBuffer destination) {
      if (!name.equals("head/kernel")) {
        new InitialWeights(network, 1).read(name, destination);
        return;
      }
      Random random = new Random(1);
      Shape shape = network.shapes().get(name);
      double std = 1 / Math.sqrt(shape.get(0));
      for (long n = shape.size(); n > 0; n--) {
        destination.put((float) (std * random.nextGaussian()));
      }
    }

    @Override
    public void close() {}
  }
}
