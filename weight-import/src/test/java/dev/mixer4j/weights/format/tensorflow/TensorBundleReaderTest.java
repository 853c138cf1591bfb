package dev.mixer4j.weights.format.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.WeightsException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against checkpoints that TensorFlow wrote: tools/reference/make_checkpoint_fixtures.py. */
class TensorBundleReaderTest {

  private static final String DATA = ".data-00000-of-00001";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tf/numbered", "tf/named/ckpt", "tf/v1", "tf/v1.index"})
  void tensorFlowsCheckpointsHoldTheSameTensors(String name) throws IOException {
    Path path = Fixtures.path("tf").resolve(name.substring(3));
    try (Checkpoint checkpoint = Checkpoint.open(path);
        Checkpoint flax = Checkpoint.open(Fixtures.path("narrow.npz"))) {
      assertThat(checkpoint.network()).isEqualTo(flax.network());
      for (String variable : flax.network().shapes().keySet()) {
        assertThat(Fixtures.values(checkpoint, variable))
            .as(variable)
            .isEqualTo(Fixtures.values(flax, variable));
      }
    }
  }

  @Test
  void bookkeepingIsNamedAsIgnored() throws IOException {
    Path path = Fixtures.path("tf").resolve("named/ckpt");
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      assertThat(checkpoint.ignored())
          .contains("_CHECKPOINTABLE_OBJECT_GRAPH", "step/.ATTRIBUTES/VARIABLE_VALUE");
    }
  }

  @Test
  void everyDamagedByteOfTheIndexIsNoticed() throws IOException {
    copy();
    Path index = folder.resolve("c.index");
    byte[] sound = Files.readAllBytes(index);
    Random random = new Random(1);
    for (int at = 0; at < sound.length; at++) {
      byte[] damaged = sound.clone();
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(index, damaged);
      // Of the footer, the padding says nothing; all else is checked.
      if (at >= sound.length - 48 && at < sound.length - 8) {
        continue;
      }
      assertThatThrownBy(this::readAll).as("byte %d", at).isInstanceOf(WeightsException.class);
    }
  }

  @Test
  void everyTruncationOfTheIndexIsNoticed() throws IOException {
    copy();
    Path index = folder.resolve("c.index");
    byte[] sound = Files.readAllBytes(index);
    for (int length = 0; length < sound.length; length++) {
      Files.write(index, java.util.Arrays.copyOf(sound, length));
      assertThatThrownBy(this::readAll).as("%d", length).isInstanceOf(WeightsException.class);
    }
  }

  @Test
  void damagedDataIsNoticedByItsChecksum() throws IOException {
    copy();
    Path data = folder.resolve("c" + DATA);
    byte[] sound = Files.readAllBytes(data);
    sound[sound.length / 2] ^= 1;
    Files.write(data, sound);
    assertThatThrownBy(this::readAll).hasMessageContaining("checksum");
    Files.write(data, java.util.Arrays.copyOf(sound, sound.length - 1));
    assertThatThrownBy(this::readAll)
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("bytes for shape");
    Files.delete(data);
    assertThatThrownBy(this::readAll).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void aFolderThatIsNoSavedModelIsToldSo() {
    assertThatThrownBy(() -> TensorFiles.open(folder)).hasMessageContaining("saved_model.pb");
  }

  private void copy() throws IOException {
    Files.copy(Fixtures.path("tf").resolve("v1.index"), folder.resolve("c.index"));
    Files.copy(Fixtures.path("tf").resolve("v1" + DATA), folder.resolve("c" + DATA));
  }

  private void readAll() throws IOException {
    try (TensorFile file = TensorFiles.open(folder.resolve("c"))) {
      for (TensorInfo tensor : file.tensors().values()) {
        file.read(tensor.name(), FloatBuffer.allocate(tensor.elements()));
      }
    }
  }
}
