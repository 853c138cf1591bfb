package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged data is read or refused in words, whatever the damage is. */
class DamagedDatasetsTest {

  private static final int ROUNDS = Integer.getInteger("damaged.rounds", 500);

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    "cifar-10-python.tar.gz, folder",
    "cifar-100-python.tar.gz, folder",
    "cifar-10-binary.tar.gz, folder",
    "cifar-100-binary.tar.gz, folder",
    "cifar-10-python.tar.gz, tar",
    "cifar-100-binary.tar.gz, tar",
    "cifar-10-binary.tar.gz, gz",
    "mnist, folder",
    "pictures, folder"
  })
  void endsInAnErrorOfOurs(String name, String form) throws IOException {
    Path data = dir.resolve("data");
    switch (form) {
      case "gz" -> Files.copy(DataFixtures.path(name), data);
      case "tar" -> {
        try (GZIPInputStream in =
            new GZIPInputStream(Files.newInputStream(DataFixtures.path(name)))) {
          Files.copy(in, data);
        }
      }
      default -> {
        if (name.endsWith(".gz")) {
          DataFixtures.unpack(name, data);
        } else {
          DataFixtures.copy(DataFixtures.path(name), data);
        }
      }
    }
    assertThat(isRead(data)).as("sound").isTrue();
    List<Path> files = files(data);
    Random random = new Random(name.hashCode() + form.hashCode());
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Path file = files.get(random.nextInt(files.size()));
      byte[] sound = Files.readAllBytes(file);
      Files.write(file, damage(sound, random));
      refused += isRead(data) ? 0 : 1;
      Files.write(file, sound);
    }
    assertThat(refused).isBetween(ROUNDS / 20, ROUNDS);
  }

  private static List<Path> files(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(data)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** Whether all images are there; any exception but ours fails the test. */
  private boolean isRead(Path data) throws IOException {
    try {
      Dataset dataset = Datasets.open(data, DatasetRequest.of(8));
      for (LabelledImages images :
          List.of(
              dataset.train(ALL),
              dataset.kind().contains("pictures") ? dataset.validation(ALL) : dataset.test(ALL))) {
        for (int label : DataFixtures.labels(images)) {
          assertThat(label).isBetween(0, dataset.classNames().size() - 1);
        }
      }
      dataset.checkBroken(false, problem -> assertThat(problem).contains(dir.toString()));
      return true;
    } catch (MixerException e) {
      assertThat(e.getMessage()).contains(dir.toString());
      return false;
    }
  }

  /**
   * Flips up to four bytes, most often near the start, where headers are; cuts the end off; or
   * repeats a part.
   */
  private static byte[] damage(byte[] sound, Random random) {
    if (sound.length == 0) {
      return new byte[] {1};
    }
    int kind = random.nextInt(6);
    int at = random.nextInt(sound.length);
    if (kind == 0) {
      return Arrays.copyOf(sound, at);
    }
    if (kind == 1) {
      byte[] longer = Arrays.copyOf(sound, 2 * sound.length - at);
      System.arraycopy(sound, at, longer, sound.length, sound.length - at);
      return longer;
    }
    byte[] damaged = sound.clone();
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      int bound = random.nextBoolean() ? Math.min(600, sound.length) : sound.length;
      damaged[random.nextInt(bound)] = (byte) (random.nextInt(3) == 0 ? 0xff : random.nextInt());
    }
    return damaged;
  }
}
