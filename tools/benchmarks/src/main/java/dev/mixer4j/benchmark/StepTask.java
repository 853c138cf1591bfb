package dev.mixer4j.benchmark;

import dev.mixer4j.core.image.ImageInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** What a step does. */
enum StepTask {
  /** Images through the network, to logits. */
  INFERENCE(
      1000,
      1,
      List.of(
          "torch",
          "torch-compile",
          "jax",
          "keras",
          "onnxruntime",
          "onnxruntime-java",
          "djl-pytorch")) {
    @Override
    void writeInputs(Path folder, int images, ImageInput input, boolean pixels) throws IOException {
      int values = Math.multiplyExact(images, input.height() * input.width() * input.channels());
      Random random = new Random(1);
      if (pixels) {
        byte[] levels = new byte[values];
        random.nextBytes(levels);
        Files.write(folder.resolve("inputs.u8"), levels);
        return;
      }
      ByteBuffer bytes =
          ByteBuffer.allocate(Math.multiplyExact(values, Float.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < values; i++) {
        bytes.putFloat((float) random.nextGaussian());
      }
      Files.write(folder.resolve("inputs.f32"), bytes.array());
    }
  },
  /** Forward, backward and update, on CIFAR-10's kind of images, or MNIST's if they are gray. */
  TRAINING(10, 3, List.of("torch", "torch-compile", "jax", "keras")) {
    @Override
    void writeInputs(Path folder, int images, ImageInput input, boolean pixels) throws IOException {
      Random random = new Random(1);
      if (input.channels() == 1) {
        writeGray(folder, images, random);
        return;
      }
      byte[] rows = new byte[images * 3 * PIXELS]; // [images, 32, 32, 3]
      random.nextBytes(rows);
      byte[] labels = new byte[images];
      byte[] records = new byte[images * (1 + 3 * PIXELS)]; // CIFAR-10's: a label and three planes
      for (int i = 0; i < images; i++) {
        labels[i] = (byte) random.nextInt(classes);
        records[i * (1 + 3 * PIXELS)] = labels[i];
        for (int j = 0; j < 3 * PIXELS; j++) {
          records[i * (1 + 3 * PIXELS) + 1 + j % 3 * PIXELS + j / 3] = rows[i * 3 * PIXELS + j];
        }
      }
      Files.write(folder.resolve("inputs.u8"), rows);
      Files.write(folder.resolve("labels.u8"), labels);
      Path data = Files.createDirectory(folder.resolve("data"));
      Files.write(data.resolve("test_batch.bin"), Arrays.copyOf(records, 1 + 3 * PIXELS));
      // Copies of the batch, for an epoch's end takes time of its own; of a large one, fewer.
      int copies = Math.max(1, Math.min(64, 16_384 / images));
      byte[] epoch = new byte[Math.multiplyExact(copies, records.length)];
      for (int i = 0; i < copies; i++) {
        System.arraycopy(records, 0, epoch, i * records.length, records.length);
      }
      Files.write(data.resolve("data_batch_1.bin"), epoch);
    }

    private void writeGray(Path folder, int images, Random random) throws IOException {
      byte[] pixels = new byte[images * GRAY_SIDE * GRAY_SIDE];
      random.nextBytes(pixels);
      byte[] labels = new byte[images];
      for (int i = 0; i < images; i++) {
        labels[i] = (byte) random.nextInt(classes);
      }
      Files.write(folder.resolve("inputs.u8"), pixels);
      Files.write(folder.resolve("labels.u8"), labels);
      Path data = Files.createDirectory(folder.resolve("data"));
      // Copies of the batch, for an epoch's end takes time of its own.
      int copies = Math.max(1, 60_000 / images);
      writeIdx(data.resolve("train"), copies, pixels, labels);
      writeIdx(data.resolve("t10k"), 1, pixels, labels);
    }

    private static void writeIdx(Path start, int copies, byte[] pixels, byte[] labels)
        throws IOException {
      ByteBuffer images = ByteBuffer.allocate(16 + copies * pixels.length);
      images.putInt(0x803).putInt(copies * labels.length).putInt(GRAY_SIDE).putInt(GRAY_SIDE);
      ByteBuffer classes = ByteBuffer.allocate(8 + copies * labels.length);
      classes.putInt(0x801).putInt(copies * labels.length);
      for (int i = 0; i < copies; i++) {
        images.put(pixels);
        classes.put(labels);
      }
      Files.write(Path.of(start + "-images-idx3-ubyte"), images.array());
      Files.write(Path.of(start + "-labels-idx1-ubyte"), classes.array());
    }
  };

  private static final int GRAY_SIDE = 28;

  private static final int PIXELS = 32 * 32;

  /** Of the head. */
  final int classes;

  /** How many times the network's products a step makes: a gradient takes two for each. */
  final int passes;

  /** On a processor: those in Python, and then those that need what these leave. */
  final List<String> peers;

  StepTask(int classes, int passes, List<String> peers) {
    this.classes = classes;
    this.passes = passes;
    this.peers = peers;
  }

  /**
   * Writes what the contenders read beside the weights.
   *
   * @param input of the network
   * @param pixels whether inference gets 8-bit images
   */
  abstract void writeInputs(Path folder, int images, ImageInput input, boolean pixels)
      throws IOException;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
