package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import picocli.CommandLine.Command;

@Command(
    name = "training",
    sortOptions = false,
    description = {
      "Times a step of FineTuning: 8-bit images of 32 by 32, resized and normalised, forward,"
          + " backward, Adam at 1e-5.",
      "Peers, which do the same: torch (timm, eager), torch-compile, jax (Flax and optax, jit), keras"
          + " (on TensorFlow). Beside these mixer4j-xla, ours with XLA for what is no matrix product, and"
          + " products, the network's matrix products alone: a bound."
    })
final class TrainingBenchmark extends StepBenchmark {

  private static final int PIXELS = 32 * 32;

  /** Copies of the batch, for an epoch's end takes time of its own. */
  private static final int EPOCH = 64;

  @Override
  String task() {
    return "training";
  }

  @Override
  List<String> peers() {
    return List.of("torch", "torch-compile", "jax", "keras");
  }

  @Override
  int classes() {
    return 10;
  }

  @Override
  void writeInputs(Path folder, int images, int imageSize) throws IOException {
    Random random = new Random(1);
    byte[] rows = new byte[images * 3 * PIXELS]; // [images, 32, 32, 3]
    random.nextBytes(rows);
    byte[] labels = new byte[images];
    byte[] records = new byte[images * (1 + 3 * PIXELS)]; // CIFAR-10's: a label and three planes
    for (int i = 0; i < images; i++) {
      labels[i] = (byte) random.nextInt(classes());
      records[i * (1 + 3 * PIXELS)] = labels[i];
      for (int j = 0; j < 3 * PIXELS; j++) {
        records[i * (1 + 3 * PIXELS) + 1 + j % 3 * PIXELS + j / 3] = rows[i * 3 * PIXELS + j];
      }
    }
    Files.write(folder.resolve("inputs.u8"), rows);
    Files.write(folder.resolve("labels.u8"), labels);
    Path data = Files.createDirectory(folder.resolve("data"));
    Files.write(data.resolve("test_batch.bin"), Arrays.copyOf(records, 1 + 3 * PIXELS));
    byte[] epoch = new byte[EPOCH * records.length];
    for (int i = 0; i < EPOCH; i++) {
      System.arraycopy(records, 0, epoch, i * records.length, records.length);
    }
    Files.write(data.resolve("data_batch_1.bin"), epoch);
  }
}
