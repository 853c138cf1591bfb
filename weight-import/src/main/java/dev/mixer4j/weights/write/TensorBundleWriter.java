package dev.mixer4j.weights.write;

import com.google.protobuf.ByteString;
import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.format.tensorflow.LevelDbTable;
import dev.mixer4j.weights.format.tensorflow.TensorBundleReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/**
 * Writes a TensorFlow checkpoint of format V2 (tensorflow/core/util/tensor_bundle): the tensors one
 * after the other in a data file, and a table that says where each lies.
 */
final class TensorBundleWriter implements WeightsWriter {

  private static final String INDEX = TensorBundleReader.INDEX;
  private static final String DATA = ".data-00000-of-00001";

  @Override
  public List<Path> files(Path path) {
    Path prefix = prefix(path);
    return List.of(suffixed(prefix, DATA), suffixed(prefix, INDEX));
  }

  /** A user may name the checkpoint by its prefix or by its index file. */
  private static Path prefix(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith(INDEX)
        ? path.resolveSibling(name.substring(0, name.length() - INDEX.length()))
        : path;
  }

  private static Path suffixed(Path prefix, String suffix) {
    return prefix.resolveSibling(prefix.getFileName() + suffix);
  }

  @Override
  public void write(Path path, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    SortedMap<ByteString, ByteString> index = new TreeMap<>(LevelDbTable.ORDER);
    index.put(
        ByteString.EMPTY,
        BundleHeaderProto.newBuilder()
            .setNumShards(1)
            .setEndianness(BundleHeaderProto.Endianness.LITTLE)
            .setVersion(VersionDef.newBuilder().setProducer(1))
            .build()
            .toByteString());
    try (FileChannel data =
        FileChannel.open(
            suffixed(prefix(path), DATA),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE)) {
      new TensorPipeline(weights.network(), "flax")
          .forEach(
              weights,
              progress,
              (tensor, bytes) ->
                  index.put(
                      ByteString.copyFromUtf8(tensor.name()), append(data, tensor.shape(), bytes)));
    }
    Files.write(suffixed(prefix(path), INDEX), LevelDbTable.write(index));
  }

  private static ByteString append(FileChannel data, Shape shape, ByteBuffer bytes)
      throws IOException {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate());
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (long size : shape.asArray()) {
      sizes.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    BundleEntryProto entry =
        BundleEntryProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setShape(sizes)
            .setOffset(data.position())
            .setSize(bytes.remaining())
            .setCrc32C(LevelDbTable.mask(crc))
            .build();
    while (bytes.hasRemaining()) {
      data.write(bytes);
    }
    return entry.toByteString();
  }
}
