package dev.mixer4j.weights.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ElementReader;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Reads a TensorFlow checkpoint of format V2 (tensorflow/core/util/tensor_bundle), alone or as the
 * variables of a SavedModel: {@code PREFIX.index} and {@code PREFIX.data-*}.
 */
public final class TensorBundleReader extends OpenTensorFile {

  public static final String INDEX = ".index";

  private static final String ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE";

  private static final int MAX_INDEX = 16 << 20; // Mixer-H/14's has some 40 kB
  private static final int MAX_SHARDS = 1000;

  private static final Map<DataType, DType> DTYPES =
      Map.of(
          DataType.DT_DOUBLE, DType.FLOAT64,
          DataType.DT_FLOAT, DType.FLOAT32,
          DataType.DT_HALF, DType.FLOAT16,
          DataType.DT_BFLOAT16, DType.BFLOAT16);

  private final Path prefix; // of the checkpoint's files; the path is what the user named
  private final Map<String, String> notes;
  private final ByteOrder order;
  private final List<FileChannel> shards = new ArrayList<>();
  private final List<Path> files = new ArrayList<>();
  private final Map<String, BundleEntryProto> entries = new HashMap<>();

  public TensorBundleReader(Path path, Format format, Path prefix, Map<String, String> notes)
      throws IOException {
    super(path, format, "checkpoint");
    this.prefix = prefix;
    this.notes = notes;
    try {
      Path index = RegularFile.check(suffixed(INDEX));
      if (Files.size(index) > MAX_INDEX) {
        throw malformed("an index of " + Files.size(index) + " bytes");
      }
      SortedMap<ByteString, ByteString> table = LevelDbTable.read(index, Files.readAllBytes(index));
      ByteString header = table.remove(ByteString.EMPTY);
      if (header == null) {
        throw malformed("its index has no header");
      }
      BundleHeaderProto bundle = BundleHeaderProto.parseFrom(header);
      order =
          bundle.getEndianness() == BundleHeaderProto.Endianness.LITTLE
              ? ByteOrder.LITTLE_ENDIAN
              : ByteOrder.BIG_ENDIAN;
      openShards(bundle.getNumShards());
      files.add(index);
      for (Map.Entry<ByteString, ByteString> row : table.entrySet()) {
        add(row.getKey().toStringUtf8(), BundleEntryProto.parseFrom(row.getValue()));
      }
    } catch (InvalidProtocolBufferException e) {
      close();
      throw malformed(e.getMessage());
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private Path suffixed(String suffix) {
    return prefix.resolveSibling(prefix.getFileName() + suffix);
  }

  private void openShards(int count) throws IOException {
    if (count < 1 || count > MAX_SHARDS) {
      throw malformed("its index speaks of " + count + " data files");
    }
    for (int i = 0; i < count; i++) {
      Path shard = RegularFile.check(suffixed(".data-%05d-of-%05d".formatted(i, count)));
      shards.add(FileChannel.open(shard, StandardOpenOption.READ));
      files.add(shard);
    }
  }

  private void add(String key, BundleEntryProto entry) throws IOException {
    DType dtype = DTYPES.get(entry.getDtype());
    if (dtype == null || key.contains("/.OPTIMIZER_SLOT/")) {
      ignored.add(key); // the object graph, counters, an optimizer's own variables
      return;
    }
    if (entry.getSlicesCount() > 0) {
      throw new UnsupportedFileException(
          path + ": tensor '" + key + "' is cut into slices, which are not read");
    }
    long[] sizes =
        entry.getShape().getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray();
    String name = attributePath(key);
    TensorInfo info = TensorInfo.checked(path, name, dtype, sizes);
    int shard = entry.getShardId();
    if (entry.getShape().getUnknownRank() || shard < 0 || shard >= shards.size()) {
      throw malformed("tensor '" + key + "' lies in data file " + shard);
    }
    long length = shards.get(shard).size();
    if (entry.getSize() != info.bytes()
        || entry.getOffset() < 0
        || entry.getOffset() > length - info.bytes()) {
      throw malformed(
          "tensor '%s': expected %d bytes for shape %s, found %d at %d of %d"
              .formatted(
                  key, info.bytes(), info.shape(), entry.getSize(), entry.getOffset(), length));
    }
    tensors.put(name, info);
    if (entries.put(name, entry) != null) {
      throw malformed("two tensors are called '" + name + "'");
    }
  }

  /**
   * The path of a variable that TensorFlow 2 saved as an attribute of an object, as in {@code
   * _params/stem/kernel/.ATTRIBUTES/VARIABLE_VALUE}. TensorFlow escapes slashes in attribute names
   * as {@code .S} and periods as two.
   */
  private static String attributePath(String key) {
    if (!key.endsWith(ATTRIBUTE)) {
      return key;
    }
    String path = key.substring(0, key.length() - ATTRIBUTE.length());
    return path.replace("..", "\0").replace(".S", "/").replace('\0', '.');
  }

  @Override
  public List<Path> files() {
    return Collections.unmodifiableList(files);
  }

  @Override
  public Map<String, String> notes() {
    return notes;
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    TensorInfo info = tensors.get(name);
    BundleEntryProto entry = entries.get(name);
    FileChannel shard = shards.get(entry.getShardId()).position(entry.getOffset());
    CRC32C crc = new CRC32C();
    // Not closed, which would close the shard.
    InputStream in =
        new CheckedInputStream(new BufferedInputStream(Channels.newInputStream(shard)), crc);
    try {
      ElementReader.read(in, info.dtype(), order, info.elements(), destination);
    } catch (EOFException e) {
      throw malformed("tensor '" + name + "': " + e.getMessage());
    }
    if (LevelDbTable.mask(crc) != entry.getCrc32C()) {
      throw malformed("tensor '" + name + "': its checksum does not hold: the file is damaged");
    }
  }

  @Override
  public void close() throws IOException {
    for (FileChannel shard : shards) {
      shard.close();
    }
  }
}
