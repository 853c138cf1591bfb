package dev.mixer4j.finetune;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Files of MNIST's layout with digits 0 to 9: a bright row at a height of the digit's own, in
 * noise.
 */
public final class MnistFiles {

  public static final int SIZE = 28;

  private MnistFiles() {}

  /** Writes 120 training and 40 test images. */
  public static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    write(folder.resolve("train"), 120, 1);
    write(folder.resolve("t10k"), 40, 2);
    return folder;
  }

  private static void write(Path split, int images, long seed) throws IOException {
    Random random = new Random(seed);
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    DataOutputStream header = new DataOutputStream(pixels);
    for (int number : new int[] {0x803, images, SIZE, SIZE}) {
      header.writeInt(number);
    }
    DataOutputStream labelHeader = new DataOutputStream(labels);
    labelHeader.writeInt(0x801);
    labelHeader.writeInt(images);
    for (int i = 0; i < images; i++) {
      labels.write(i % 10);
      for (int p = 0; p < SIZE * SIZE; p++) {
        boolean bright = p / SIZE / 2 == 2 + i % 10;
        pixels.write((bright ? 180 : 20) + random.nextInt(40));
      }
    }
    Files.write(Path.of(split + "-images-idx3-ubyte"), pixels.toByteArray());
    Files.write(Path.of(split + "-labels-idx1-ubyte"), labels.toByteArray());
  }
}
