package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import picocli.CommandLine.Command;

@Command(
    name = "inference",
    sortOptions = false,
    description = {
      "Times MixerClassifier.logits on normalised images, random weights.",
      "Peers: torch (timm, eager), torch-compile, jax (Flax, jit), keras (on TensorFlow), onnxruntime;"
          + " and in a JVM onnxruntime-java and djl-pytorch, which need onnxruntime and torch before"
          + " them. Beside these mixer4j-xla, ours with XLA for what is no matrix product, and products,"
          + " the network's matrix products alone: a bound."
    })
final class InferenceBenchmark extends StepBenchmark {

  @Override
  String task() {
    return "inference";
  }

  @Override
  List<String> peers() {
    return List.of(
        "torch", "torch-compile", "jax", "keras", "onnxruntime", "onnxruntime-java", "djl-pytorch");
  }

  @Override
  int classes() {
    return 1000;
  }

  @Override
  void writeInputs(Path folder, int images, int imageSize) throws IOException {
    int values = images * imageSize * imageSize * 3;
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values, Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(1);
    for (int i = 0; i < values; i++) {
      bytes.putFloat((float) random.nextGaussian());
    }
    Files.write(folder.resolve("inputs.f32"), bytes.array());
  }
}
