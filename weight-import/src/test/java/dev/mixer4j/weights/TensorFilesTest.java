package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.Origin;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFilesTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "narrow.npz,NPZ",
    "narrow.compressed.npz,NPZ",
    "narrow.pth,PTH",
    "narrow.safetensors,SAFETENSORS"
  })
  void formatIsFoundFromTheContent(String fixture, Format format) throws IOException {
    Path misnamed = folder.resolve("weights.h5");
    Files.copy(Fixtures.path(fixture), misnamed);
    try (TensorFile file = TensorFiles.open(misnamed)) {
      assertThat(file.format()).isEqualTo(format);
      assertThat(file.path()).isEqualTo(misnamed);
      assertThat(file.tensors()).hasSize(30);
    }
  }

  @Test
  void hdf5IsFoundFromTheContent() throws IOException {
    Path misnamed = folder.resolve("weights.npz");
    CheckpointWriter.write(
        misnamed,
        TargetFormat.H5,
        new RandomWeights(RandomWeights.TINY),
        new RandomWeights(RandomWeights.TINY).info().withOrigin(new Origin("npz", "")),
        false,
        n -> {});
    try (TensorFile file = TensorFiles.open(misnamed)) {
      assertThat(file.format()).isEqualTo(Format.H5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "this is a text of some length", "\u0000\u0000\u0000"})
  void anythingElse(String content) throws IOException {
    Path file = Files.write(folder.resolve("a.npz"), content.getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(file + ": not a weights file", ".safetensors");
  }

  @Test
  void emptyFile() throws IOException {
    Path file = Files.createFile(folder.resolve("a.npz"));
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(file.toString(), "an empty file");
  }

  @Test
  void emptyZip() throws IOException {
    Path file = Files.write(folder.resolve("a.npz"), new ZipBytes().bytes());
    assertThatThrownBy(() -> TensorFiles.open(file)).isInstanceOf(UnsupportedFileException.class);
  }

  @Test
  void folderInPlaceOfAFile() {
    assertThatThrownBy(() -> TensorFiles.open(folder))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(folder + ": a folder without saved_model.pb");
  }

  @Test
  void noSuchFile() {
    assertThatThrownBy(() -> TensorFiles.open(folder.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("missing");
  }

  @Test
  void otherJson() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{\"model\": 1}");
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(file.toString(), "index of sharded safetensors", "weight_map");
  }

  @Test
  void otherPickle() throws IOException {
    byte[] pickle = PickleBytes.start().global("os", "system").op(')', 'R').stop();
    Path file = Files.write(folder.resolve("a.pkl"), pickle);
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(file.toString(), "asks for 'os.system'");
  }

  @Test
  void jsonThatIsNotUtf8() throws IOException {
    Path file = folder.resolve("a.index.json");
    Files.write(file, "{\"weight_map\": {}}".getBytes(Charset.forName("UTF-32LE")));
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("a.index.json");
    Files.write(file, new byte[] {'{', (byte) 0xff, '}'});
    assertThatThrownBy(() -> TensorFiles.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("not UTF-8");
  }
}
