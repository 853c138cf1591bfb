package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** Damaged sources end in an error for a person, whatever the damage is. */
class DamagedSourcesTest {

  private static final int ROUNDS = Integer.getInteger("damaged.rounds", 60);

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "legacy.pth",
        "legacy_views.pth",
        "wrapped_state_dict_ema.pth",
        "keras2.h5",
        "keras3.weights.h5",
        "keras3_whole.h5",
        "older.keras",
        "protocol2.pdparams",
        "protocol3.pdparams",
        "nested.pdparams",
        "bfloat16.npz",
        "sharded/model.safetensors.index.json",
      })
  void endsInAnErrorOfOurs(String source) throws IOException {
    byte[] sound = Files.readAllBytes(SourceFixtures.source(source));
    Random random = new Random(source.hashCode());
    for (int round = 0; round < ROUNDS; round++) {
      Path file = folder.resolve("damaged" + round + (source.endsWith("json") ? ".json" : ""));
      Files.write(file, damage(sound, random));
      try (TensorFile open = TensorFiles.open(file)) {
        for (TensorInfo info : open.tensors().values()) {
          if (info.dtype().isFloat()) {
            FloatBuffer values = FloatBuffer.allocate(info.elements());
            open.read(info.name(), values);
            assertThat(values.remaining()).isZero();
          }
        }
      } catch (WeightsException | IOException e) {
        assertThat(e.getMessage()).contains("damaged" + round);
      }
      Files.delete(file);
    }
  }

  /** Each family from PyTorch's file, and in each format of ours that is one file. */
  static Stream<Arguments> checkpoints() {
    Stream<String> families =
        Stream.of("gru", "lenet5_rgb", "mlp", "resmlp", "resnet", "vip", "vit");
    return families.flatMap(
        family ->
            Stream.of("pth", "h5", "safetensors", "npz")
                .map(format -> Arguments.of(family, format)));
  }

  /** All of opening: names, description, the network, and each of its variables. */
  @ParameterizedTest
  @MethodSource("checkpoints")
  void aDamagedCheckpointIsRefusedOrANetwork(String family, String format) throws IOException {
    Path source = Fixtures.path("networks/" + family + ".pth");
    if (!format.equals("pth")) {
      Path converted = folder.resolve("sound." + format);
      try (Checkpoint read = Checkpoint.open(source)) {
        List<String> names = Collections.nCopies(read.network().classes(), "name");
        CheckpointWriter.write(
            converted,
            TargetFormat.of(converted).orElseThrow(),
            read,
            read.info().withClassNames(names),
            false,
            bytes -> {});
      }
      source = converted;
    }
    byte[] sound = Files.readAllBytes(source);
    Random random = new Random((family + format).hashCode());
    for (int round = 0; round < ROUNDS; round++) {
      Path file = Files.write(folder.resolve("damaged" + round), damage(sound, random));
      try (Checkpoint read = Checkpoint.open(file)) {
        for (Map.Entry<String, Shape> variable : read.network().shapes().entrySet()) {
          read.read(variable.getKey(), FloatBuffer.allocate((int) variable.getValue().size()));
        }
      } catch (WeightsException | IOException e) {
        assertThat(e.getMessage()).contains("damaged" + round);
      }
      Files.delete(file);
    }
  }

  /** Flips up to four bytes, most often near the start, where headers are; or cuts the end off. */
  private static byte[] damage(byte[] sound, Random random) {
    if (random.nextInt(5) == 0) {
      return Arrays.copyOf(sound, random.nextInt(sound.length));
    }
    byte[] damaged = sound.clone();
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      int bound = random.nextBoolean() ? Math.min(4096, sound.length) : sound.length;
      damaged[random.nextInt(bound)] = (byte) (random.nextInt(3) == 0 ? 0xff : random.nextInt());
    }
    return damaged;
  }
}
