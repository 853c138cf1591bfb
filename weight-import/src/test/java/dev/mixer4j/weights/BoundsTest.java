package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.hdf5.global.hdf5.H5T_IEEE_F32LE_g;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.numpy.NpyFile;
import dev.mixer4j.weights.format.tensorflow.LevelDbTable;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that claim, or unpack to, more than any network needs: refused in little memory. */
@Timeout(120)
class BoundsTest {

  private static final long MOST_BYTES = 300_000_000;

  @TempDir private Path folder;

  private static void assertRefused(Path file, String... problem) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> Checkpoint.open(file).close())
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(problem);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES);
  }

  @Test
  void manyReferencesToOneLongText() throws IOException {
    int classes = 30_000;
    List<String> names = new ArrayList<>(Collections.nCopies(classes, "n"));
    names.set(0, "Z".repeat(1 << 20));
    Path file = folder.resolve("a.h5");
    byte[] h5 = javasH5(file, new RandomWeights(RandomWeights.TINY.withClasses(classes), names));
    int heap = ZipBytes.indexOf(h5, "GCOL", 0);
    while (ZipBytes.indexOf(h5, "ZZZZ", 0) - heap > 100) { // the heap of the names
      heap = new String(h5, StandardCharsets.ISO_8859_1).indexOf("GCOL", heap + 4);
    }
    byte[] first =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(1 << 20)
            .putLong(heap)
            .putInt(1)
            .array();
    int references = ZipBytes.indexOf(h5, new String(first, StandardCharsets.ISO_8859_1), 0);
    for (int i = 1; i < classes; i++) {
      System.arraycopy(first, 0, h5, references + 16 * i, 16);
    }
    assertRefused(Files.write(file, h5), "expected at most 16777216 bytes of text, found more");
  }

  private static byte[] javasH5(Path file, RandomWeights weights) throws IOException {
    System.setProperty("mixer4j.hdf5", "java");
    try {
      CheckpointWriter.write(file, TargetFormat.H5, weights, weights.info(), true, bytes -> {});
      return Files.readAllBytes(file);
    } finally {
      System.clearProperty("mixer4j.hdf5");
    }
  }

  @Test
  void heapsThatOverlap() throws IOException {
    Path file = folder.resolve("a.h5");
    byte[] h5 = javasH5(file, new RandomWeights(RandomWeights.TINY, List.of("cat", "dog")));
    int heap = ZipBytes.indexOf(h5, "GCOL", 0);
    ByteBuffer.wrap(h5).order(ByteOrder.LITTLE_ENDIAN).putLong(heap + 8, h5.length + 1);
    assertRefused(Files.write(file, h5), "its heaps of texts overlap, or reach beyond its end");
  }

  @Test
  void compressedClassNames() throws IOException {
    Path file = folder.resolve("a.h5");
    javasH5(file, new RandomWeights(RandomWeights.TINY));
    try (Hdf5Edit h5 = new Hdf5Edit(file)) {
      h5.compressed("class_names", 4_000, 1 << 20);
    }
    assertThat(Files.size(file)).isLessThan(1_000_000);
    assertRefused(file, "'class_names': expected texts in one piece", "h5repack");
  }

  @Test
  void tooManyDatasets() throws IOException {
    Path file = folder.resolve("a.h5");
    Files.write(file, Files.readAllBytes(SourceFixtures.source("keras2.h5")));
    try (Hdf5Edit h5 = new Hdf5Edit(file)) {
      h5.dataset("d", H5T_IEEE_F32LE_g(), false, 1);
      for (int i = 0; i <= TensorFile.MAX_TENSORS; i++) {
        h5.hardLink("/d", "/d" + i);
      }
    }
    assertRefused(file, "expected at most 20000 groups and datasets");
  }

  @Test
  void kerasArchiveThatUnpacksToGigabytes() throws IOException {
    byte[] weights = new byte[200 << 20];
    System.arraycopy(
        Files.readAllBytes(SourceFixtures.source("keras3.weights.h5")), 0, weights, 0, 1000);
    Path file = folder.resolve("a.keras");
    Files.write(file, new ZipBytes().compressed("model.weights.h5", weights).bytes());
    assertRefused(file, "'model.weights.h5' unpacks from", "to 209715200 bytes", "zip -0");
  }

  @Test
  void kerasArchiveWithoutHdf5() throws IOException {
    Path file = folder.resolve("a.keras");
    Files.write(file, new ZipBytes().stored("model.weights.h5", new byte[100]).bytes());
    assertRefused(file, "'model.weights.h5': expected an HDF5 file, found something else");
  }

  @Test
  void largeKerasConfiguration() throws IOException {
    byte[] weights = Files.readAllBytes(SourceFixtures.source("keras3.weights.h5"));
    Path file = folder.resolve("a.keras");
    String tree = "{\"a\":[" + "{},".repeat(4_000_000) + "{}]}";
    Files.write(file, keras(tree, weights));
    assertRefused(file, "its model configuration is more JSON than a network needs");
    Files.write(file, keras(" ".repeat(17 << 20), weights));
    assertRefused(file, "entry 'config.json': expected at most 16777216 bytes, found 17825792");
  }

  private static byte[] keras(String config, byte[] weights) {
    return new ZipBytes()
        .compressed("config.json", config.getBytes(StandardCharsets.UTF_8))
        .stored("model.weights.h5", weights)
        .bytes();
  }

  @Test
  void largeIndexOfShards() throws IOException {
    Path file = folder.resolve("model.safetensors.index.json");
    Files.writeString(file, "{\"weight_map\":{" + "\"a\":1".repeat(4_000_000) + "}}");
    assertRefused(file, "expected at most 16777216 bytes, found");
    Files.writeString(file, "{\"weight_map\":{},\"x\":[" + "[],".repeat(1_000_000) + "1]}");
    assertRefused(file, "more JSON than a network needs");
    StringBuilder many = new StringBuilder("{\"weight_map\":{");
    for (int i = 0; i < TensorFile.MAX_TENSORS; i++) {
      many.append('"').append(i).append("\":\"a.safetensors\",");
    }
    Files.writeString(file, many + "\"x\":\"a.safetensors\"}}");
    assertRefused(file, "expected at most 20000 tensors, found 20001");
  }

  /** Names that take long to compare with the tables. */
  @ParameterizedTest
  @ValueSource(strings = {"1.2.3.4.5.6.7.8.9.", "a.", "blocks."})
  void longNames(String part) throws IOException {
    SafetensorsBytes many = new SafetensorsBytes();
    for (int i = 0; i < TensorFile.MAX_TENSORS; i++) {
      String name = part.repeat(180 / part.length()) + i;
      many.tensor(name, "F32", new long[] {0}, new byte[0]);
    }
    Path file = Files.write(folder.resolve("a.safetensors"), many.bytes());
    assertThatThrownBy(() -> Checkpoint.open(file).close())
        .isInstanceOf(MismatchException.class)
        .hasMessageContaining("the tensors fit no network");
  }

  @Test
  void tooManyEntriesInAZip() throws IOException {
    ZipBytes zip = new ZipBytes();
    for (int i = 0; i <= TensorFile.MAX_TENSORS; i++) {
      zip.stored(i + ".npy", new byte[0]);
    }
    Path file = Files.write(folder.resolve("a.npz"), zip.bytes());
    assertRefused(file, "expected at most 20000 entries, found 20001");
  }

  @Test
  void tooManyKeysInACheckpoint() throws IOException {
    TreeMap<ByteString, ByteString> keys = new TreeMap<>(LevelDbTable.ORDER);
    for (int i = 0; i <= TensorFile.MAX_TENSORS; i++) {
      keys.put(ByteString.copyFromUtf8("k" + i), ByteString.EMPTY);
    }
    Files.write(folder.resolve("c.index"), LevelDbTable.write(keys));
    assertIndexRefused("expected at most 20000 keys, found more");
  }

  /** Each key of a few bytes shares the start of the one before, and so may be long. */
  @Test
  void keysOfACheckpointThatGrow() throws IOException {
    Files.write(folder.resolve("c.index"), sharedKeys(5000));
    assertIndexRefused("expected keys and values of at most 4096 bytes, found 4097 and 0");
  }

  private void assertIndexRefused(String problem) {
    Path prefix = folder.resolve("c");
    assertRefused(prefix, problem);
  }

  private static byte[] sharedKeys(int count) {
    ByteArrayOutputStream entries = new ByteArrayOutputStream();
    for (int shared = 0; shared < count; shared++) {
      entries.write(shared & 0x7f | 0x80); // as a number of two bytes
      entries.write(shared >> 7);
      entries.writeBytes(new byte[] {1, 0, 'k'}); // one more byte of key, none of value
    }
    byte[] keys = block(entries.toByteArray());
    byte[] meta = block(new byte[0]);
    byte[] first = handle(0, keys);
    byte[] index =
        block(
            ByteBuffer.allocate(3 + first.length)
                .put(new byte[] {0, 0, (byte) first.length})
                .put(first)
                .array());
    ByteBuffer table =
        ByteBuffer.allocate(keys.length + meta.length + index.length + 48)
            .order(ByteOrder.LITTLE_ENDIAN);
    table.put(keys).put(meta).put(index);
    table.put(handle(keys.length, meta)).put(handle(keys.length + meta.length, index));
    return table.putLong(table.capacity() - 8, 0xdb4775248b80fb57L).array();
  }

  /** A block of LevelDB's with its one restart point, compression type and checksum. */
  private static byte[] block(byte[] entries) {
    ByteBuffer block =
        ByteBuffer.allocate(entries.length + 13).order(ByteOrder.LITTLE_ENDIAN).put(entries);
    block.putInt(0).putInt(1).put((byte) 0);
    CRC32C crc = new CRC32C();
    crc.update(block.array(), 0, block.position());
    return block.putInt(LevelDbTable.mask(crc)).array();
  }

  /** Offset and size of a block without its trailer, each as a number of four bytes. */
  private static byte[] handle(int offset, byte[] block) {
    ByteBuffer handle = ByteBuffer.allocate(8);
    for (int number : new int[] {offset, block.length - 5}) {
      for (int shift = 0; shift < 28; shift += 7) {
        handle.put((byte) (number >> shift & 0x7f | (shift < 21 ? 0x80 : 0)));
      }
    }
    return handle.array();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"blocks\":1 | \"blocks\":2000000000 | blocks must be 1 to 10000, found 2000000000",
        "\"channels\":3 | \"channels\":2000000000 | an image must have at most",
        "\"height\":4 | \"height\":2000000000 | an image must have at most",
      })
  void networkBeyondAllBounds(String setting, String hostile, String problem) throws IOException {
    RandomWeights weights = new RandomWeights(RandomWeights.TINY, List.of());
    Path file = folder.resolve("a.safetensors");
    CheckpointWriter.write(
        file, TargetFormat.SAFETENSORS, weights, weights.info(), false, bytes -> {});
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    String changed = text.substring(8).replace(escaped(setting), escaped(hostile));
    long length = text.charAt(0) + (text.charAt(1) << 8) + changed.length() - text.length() + 8;
    byte[] rest = changed.getBytes(StandardCharsets.ISO_8859_1);
    Files.write(file, SafetensorsBytes.withLength(length, rest, new byte[0]));
    assertRefused(file, problem);
  }

  private static String escaped(String json) {
    return json.replace("\"", "\\\"");
  }

  /** A pipe would be waited on for ever, and a device such as /dev/zero never ends. */
  @Test
  @EnabledOnOs(OS.LINUX)
  @Timeout(30)
  void pipesAndDevicesAreNotRead() throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
    assertRefused(pipe, "expected a file, found a pipe, a device");
    assertThatThrownBy(() -> NpyFile.read(pipe)).hasMessageContaining("found a pipe, a device");
    Path zero = Path.of("/dev/zero");
    Path model = Files.createDirectories(folder.resolve("model"));
    Path definition = Files.createSymbolicLink(model.resolve("saved_model.pb"), zero);
    assertThatThrownBy(() -> Checkpoint.open(model))
        .hasMessage(definition + ": expected a file, found a pipe, a device or something like it");
    Path index = Files.createSymbolicLink(folder.resolve("c.index"), zero);
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("c")))
        .hasMessageStartingWith(index + ": expected a file");
    Files.copy(Fixtures.path("tf/v1.index"), folder.resolve("d.index"));
    Path data = Files.createSymbolicLink(folder.resolve("d.data-00000-of-00001"), pipe);
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("d")))
        .hasMessageStartingWith(data + ": expected a file");
  }
}
