package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused is refused by its name and with a way out. */
class RefusedSourcesTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hostile_namespace.pth | 'argparse.Namespace' | vars(args)",
        "hostile_os_system.pdparams | '.system' | load it in Paddle",
        "refused_slices.pdparams | cut into slices | protocol=4",
        "refused_chunked.h5 | dataset 'stem/bias:0' | h5repack -l CONTI",
        "refused_linked.h5 | 'stem/stem/bias:0' is neither | links are not followed",
        "bfloat16.weights.h5 | bfloat16 | float32",
      })
  void refuses(String source, String what, String remedy) {
    assertThatThrownBy(() -> Checkpoint.open(SourceFixtures.source(source)))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContaining(source)
        .hasMessageContaining(what)
        .hasMessageContaining(remedy);
  }

  @Test
  void refusesALegacyStreamWithMoreOrLess() throws IOException {
    byte[] sound = Files.readAllBytes(SourceFixtures.source("legacy.pth"));
    assertMalformed(Arrays.copyOf(sound, sound.length + 3), "3 bytes follow the last storage");
    assertMalformed(Arrays.copyOf(sound, sound.length - 1), "expected", "elements of float32");
    assertMalformed(Arrays.copyOf(sound, 100), "a corrupt pickle", "are left");
    byte[] version = sound.clone();
    version[18] ^= 1; // the second pickle: 80 02 M and two bytes
    assertMalformed(version, "version 1001");
  }

  @Test
  void refusesAStorageOfAnotherSize() throws IOException {
    byte[] damaged = Files.readAllBytes(SourceFixtures.source("one_storage.pth"));
    assertThat(damaged).isNotEmpty();
    byte[] legacy = Files.readAllBytes(SourceFixtures.source("legacy_views.pth"));
    int count = legacy.length - 7749 * 4 - 8; // all of narrow's parameters are one storage
    assertThat(ByteBuffer.wrap(legacy).order(ByteOrder.LITTLE_ENDIAN).getLong(count))
        .isEqualTo(7749);
    legacy[count + 7] = (byte) 0x80;
    assertMalformed(legacy, "storage", "expected 7749 elements of float32", "found -9");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "../model-00001-of-00003.safetensors | beside the index",
        "/etc/passwd.safetensors | beside the index",
        "C:\\\\\\\\x.safetensors | beside the index",
        "sub/x.safetensors | beside the index",
        ".. | beside the index",
        "config.json | beside the index",
        "\\\\ud800.safetensors | no file can be named",
        "model-00009-of-00003.safetensors | no file",
        "model-00002-of-00003.safetensors | which does not hold it",
      })
  void refusesAnIndexThatLeadsAstray(String file, String problem) throws IOException {
    Path index = sharded(json -> json.replaceFirst("model-00001-of-00003.safetensors", file));
    assertThatThrownBy(() -> Checkpoint.open(index))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(index.toString())
        .hasMessageContaining("tensor 'blocks.0.norm1.bias'")
        .hasMessageContaining(problem);
  }

  @Test
  void refusesAShardWithMoreThanTheIndex() throws IOException {
    Path index = sharded(json -> json.replaceFirst("\"blocks.0.norm1.bias\": \"[^\"]*\",", ""));
    assertThatThrownBy(() -> Checkpoint.open(index))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("holds 'blocks.0.norm1.bias', which the index does not have");
  }

  @Test
  void refusesAnIndexThatNamesATensorTwice() throws IOException {
    Path index = sharded(json -> json.replaceFirst("blocks.0.norm1.weight", "blocks.0.norm1.bias"));
    assertThatThrownBy(() -> Checkpoint.open(index))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("Duplicate field 'blocks.0.norm1.bias'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"activation\": \"gelu\" | \"activation\": \"relu\" | only activation, found [gelu, relu]",
        "\"epsilon\": 1e-05 | \"epsilon\": 0.001 | one epsilon for every LayerNormalization",
        "\"epsilon\": 1e-05 | \"epsilon\": -1 | expected a number above 0, found -1",
        "\"layers\": [ | \"layers\": [[ | not valid JSON",
      })
  void refusesAKerasConfigOfAnotherNetwork(String from, String to, String problem)
      throws IOException {
    Path file = folder.resolve("changed.keras");
    try (ZipInputStream in =
            new ZipInputStream(Files.newInputStream(SourceFixtures.source("older.keras")));
        ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        byte[] content = in.readAllBytes();
        if (entry.getName().equals("config.json")) {
          String json = new String(content, StandardCharsets.UTF_8);
          assertThat(json).contains(from);
          int at = json.indexOf(from);
          content =
              (json.substring(0, at) + to + json.substring(at + from.length()))
                  .getBytes(StandardCharsets.UTF_8);
        }
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(content);
      }
    }
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("changed.keras")
        .hasMessageContaining(problem);
  }

  @Test
  void leavesNoTemporaryFile() throws IOException {
    long before = temporaryFiles();
    try (Checkpoint checkpoint = Checkpoint.open(SourceFixtures.source("keras3_tanh.keras"))) {
      assertThat(Fixtures.mixer(checkpoint).blocks()).isEqualTo(2);
    }
    assertThat(temporaryFiles()).isEqualTo(before);
  }

  private static long temporaryFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.getFileName().toString().startsWith("mixer4j-")).count();
    }
  }

  @Test
  void refusesPaddleArraysThatDoNotFit() throws IOException {
    byte[] sound = Files.readAllBytes(SourceFixtures.source("protocol3.pdparams"));
    assertMalformed(Arrays.copyOf(sound, sound.length + 1), "1 bytes follow the pickle");
    byte[] shape = sound.clone();
    int at = indexOf(sound, "norm1.weight");
    int twenty = at;
    while (shape[twenty] != 'K' || shape[twenty + 1] != 20) {
      twenty++;
    }
    shape[twenty + 1] = 21;
    assertMalformed(shape, "mixer_layers.0.norm1.weight", "expected 84 bytes for float32");
  }

  @Test
  void refusesTextBeyondLatin1InAPaddleArray() throws IOException {
    byte[] damaged = Files.readAllBytes(SourceFixtures.source("protocol2.pdparams"));
    int elements = indexOf(damaged, "patch_embed.patch_embed.weight") + 1000;
    while (damaged[elements] != (byte) 0xc2 && damaged[elements] != (byte) 0xc3) {
      elements++;
    }
    damaged[elements] = (byte) 0xc5;
    Path file = Files.write(folder.resolve("damaged"), damaged);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThatThrownBy(() -> checkpoint.read("stem/kernel", FloatBuffer.allocate(8 * 8 * 3 * 20)))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("patch_embed.patch_embed.weight")
          .hasMessageContaining("beyond Latin-1");
    }
  }

  @Test
  void refusesATensorOfNothingButNaN() throws IOException {
    byte[] bytes = Files.readAllBytes(SourceFixtures.path("narrow.safetensors"));
    String header = new String(bytes, StandardCharsets.ISO_8859_1);
    int entry = header.indexOf("\"norm.bias\"");
    String offsets = header.substring(header.indexOf("data_offsets\":[", entry) + 15);
    int start =
        8
            + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt()
            + Integer.parseInt(offsets.substring(0, offsets.indexOf(',')));
    Arrays.fill(bytes, start, start + 4 * 20, (byte) 0xff);
    Path file = Files.write(folder.resolve("nan.safetensors"), bytes);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThatThrownBy(
              () -> checkpoint.read("pre_head_layer_norm/bias", FloatBuffer.allocate(20)))
          .isInstanceOf(MismatchException.class)
          .hasMessageContaining("'norm.bias'")
          .hasMessageContaining("nothing but NaN");
    }
  }

  private void assertMalformed(byte[] bytes, String... parts) throws IOException {
    Path file = Files.write(folder.resolve("damaged"), bytes);
    assertThatThrownBy(() -> Checkpoint.open(file))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(parts);
  }

  /** A copy of the sharded checkpoint with another index. */
  private Path sharded(UnaryOperator<String> change) throws IOException {
    Path source = SourceFixtures.source("sharded");
    try (Stream<Path> files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
    Path index = folder.resolve("model.safetensors.index.json");
    String before = Files.readString(index);
    String after = change.apply(before);
    assertThat(after).isNotEqualTo(before);
    return Files.writeString(index, after);
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }
}
