package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Files damaged at random: each is read, perhaps with other numbers, or refused with a {@link
 * WeightsException} that names it. Nothing else may come out, nor may it take long or much memory.
 */
@Timeout(60)
class DamagedFilesTest {

  private static final RandomWeights WEIGHTS =
      new RandomWeights(RandomWeights.TINY, List.of("cat", "dog"));
  private static final RandomWeights RESNET =
      new RandomWeights(
          new ResNet(ImageInput.square(4, 1), 2, ResNet.Shortcut.BROADCAST), List.of("a", "b"));
  private static final TimmState STATE = TimmState.of(WEIGHTS);

  /** The sound files are below 30 kB, and reading one takes below 3 MB. */
  private static final long MAX_ALLOCATION = 16_000_000;

  @TempDir private static Path folder;

  private enum Kind {
    NPZ(1000),
    COMPRESSED_NPZ(1000),
    PTH(1000),
    PICKLE(2000),
    SAFETENSORS(2000),
    H5(2000),
    JAVAS_H5(2000),
    RESNETS_H5(1000),
    DESCRIBED_SAFETENSORS(2000);

    private final int cases;

    Kind(int cases) {
      this.cases = cases;
    }

    /** The part that damage hits. */
    byte[] sound() throws IOException {
      return switch (this) {
        case NPZ -> npz(false);
        case COMPRESSED_NPZ -> npz(true);
        case PTH -> STATE.pth();
        case PICKLE -> STATE.pickle();
        case SAFETENSORS -> STATE.safetensors();
        case H5 -> written(WEIGHTS, TargetFormat.H5);
        case JAVAS_H5 -> javasH5();
        case RESNETS_H5 -> written(RESNET, TargetFormat.H5);
        case DESCRIBED_SAFETENSORS -> written(RESNET, TargetFormat.SAFETENSORS);
      };
    }

    /** The file that has it; a pickle is put into a sound zip, whose CRC would end it early. */
    UnaryOperator<byte[]> file() {
      return this == PICKLE ? STATE::pth : UnaryOperator.identity();
    }
  }

  private static byte[] npz(boolean compressed) {
    ZipBytes zip = new ZipBytes();
    WEIGHTS
        .network()
        .shapes()
        .forEach(
            (name, shape) -> {
              String sizes = Arrays.toString(shape.asArray()).replaceAll("[\\[\\]]", "") + ",";
              byte[] npy = NpyBytes.of(sizes, WEIGHTS.values(name));
              if (compressed) {
                zip.compressed(name + ".npy", npy);
              } else {
                zip.stored(name + ".npy", npy);
              }
            });
    return zip.bytes();
  }

  private static byte[] written(RandomWeights weights, TargetFormat format) throws IOException {
    Path file = folder.resolve("sound." + format);
    ModelInfo info = weights.info().withOrigin(new Origin("npz", "0".repeat(64)));
    CheckpointWriter.write(file, format, weights, info, true, bytes -> {});
    return Files.readAllBytes(file);
  }

  private static byte[] javasH5() throws IOException {
    System.setProperty("mixer4j.hdf5", "java");
    try {
      return written(WEIGHTS, TargetFormat.H5);
    } finally {
      System.clearProperty("mixer4j.hdf5");
    }
  }

  @ParameterizedTest
  @EnumSource
  void randomDamage(Kind kind) throws IOException {
    byte[] sound = kind.sound();
    Random random = new Random(kind.ordinal());
    int read = 0;
    for (int i = 0; i < kind.cases; i++) {
      byte[] damaged = damage(sound, random);
      Path file = write("damaged", kind.file().apply(damaged));
      long before = allocated();
      try {
        readAll(file);
        read++;
      } catch (WeightsException e) {
        assertThat(e).hasMessageContaining(file.toString());
      } catch (Exception | StackOverflowError | OutOfMemoryError e) {
        Files.write(Path.of("target", kind + "-" + i), Files.readAllBytes(file));
        fail("case " + i + ", kept in target/" + kind + "-" + i, e);
      }
      assertThat(allocated() - before)
          .as("bytes allocated in case %d", i)
          .isLessThan(MAX_ALLOCATION);
    }
    // Neither all nor none: the damage is neither too small to matter nor too large to pass.
    assertThat(read).isBetween(kind.cases / 200, kind.cases * 9 / 10);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PICKLE") // PickleTest does it
  void truncation(Kind kind) throws IOException {
    byte[] sound = kind.sound();
    readAll(write("whole", kind.file().apply(sound)));
    int step = 1 + sound.length / 2000;
    for (int length = sound.length - 1; length >= 0; length -= step) {
      Path file = write("cut", kind.file().apply(Arrays.copyOf(sound, length)));
      assertThatThrownBy(() -> readAll(file))
          .as("cut off after %d of %d bytes", length, sound.length)
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining(file.toString());
    }
  }

  /** To a new file each time, which some file systems make thirty times as fast as an old one. */
  private static Path write(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.deleteIfExists(file);
    return Files.write(file, content);
  }

  private static byte[] damage(byte[] sound, Random random) {
    byte[] bytes = sound;
    for (int n = random.nextInt(3); n >= 0; n--) {
      int at = random.nextInt(bytes.length);
      int end = Math.min(bytes.length, at + 1 + random.nextInt(20));
      bytes =
          switch (random.nextInt(10)) {
            case 0 ->
                joined(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, end, bytes.length));
            case 1 ->
                joined(Arrays.copyOf(bytes, end), Arrays.copyOfRange(bytes, at, bytes.length));
            case 2 -> replaced(bytes, at, bytes[random.nextInt(bytes.length)]);
            case 3 -> replaced(bytes, at, (byte) 0);
            case 4 -> replaced(bytes, at, (byte) 0xff);
            case 5 -> replaced(bytes, at, (byte) 0x7f);
            case 6 -> replaced(bytes, at, (byte) (bytes[at] + 1));
            case 7 -> replaced(bytes, at, (byte) random.nextInt());
            default -> replaced(bytes, at, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
          };
    }
    return bytes;
  }

  private static byte[] joined(byte[] start, byte[] end) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(start);
    all.writeBytes(end);
    return all.toByteArray();
  }

  private static byte[] replaced(byte[] bytes, int at, byte value) {
    byte[] changed = bytes.clone();
    changed[at] = value;
    return changed;
  }

  /** Reads a file both ways: as tensors of any kind, and as a Mixer. */
  private static void readAll(Path path) throws IOException {
    try (TensorFile file = TensorFiles.open(path)) {
      for (TensorInfo tensor : file.tensors().values()) {
        if (tensor.dtype().isFloat()) {
          FloatBuffer values = FloatBuffer.allocate(tensor.elements());
          file.read(tensor.name(), values);
          assertThat(values.hasRemaining()).isFalse();
        }
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      for (String variable : checkpoint.network().shapes().keySet()) {
        Fixtures.values(checkpoint, variable);
      }
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }
}
