package dev.mixer4j.weights.write;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * A writer of a safetensors file of any tensors: first their names, then each tensor in that order.
 *
 * <pre>{@code
 * ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
 * try (SafetensorsOutput output =
 *     new SafetensorsOutput(path, Map.of("bias", Shape.of(3)), Map.of())) {
 *   output.write("bias", bytes);
 * }
 * }</pre>
 */
public final class SafetensorsOutput implements Closeable {

  private static final JsonMapper JSON = new JsonMapper();

  private final FileChannel channel;
  private final Iterator<TensorInfo> next;

  /**
   * Starts a new file of float32 tensors.
   *
   * @param path of a file that does not exist yet
   * @param tensors the shapes by name, in the order in which the tensors will be written
   * @param texts the file's metadata
   * @throws IOException if the file exists or cannot be written
   */
  public SafetensorsOutput(Path path, Map<String, Shape> tensors, Map<String, String> texts)
      throws IOException {
    this(
        path,
        tensors.entrySet().stream()
            .map(tensor -> new TensorInfo(tensor.getKey(), DType.FLOAT32, tensor.getValue()))
            .toList(),
        texts);
  }

  SafetensorsOutput(Path path, List<TensorInfo> tensors, Map<String, String> texts)
      throws IOException {
    this.next = tensors.iterator();
    this.channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      writeFully(header(tensors, texts));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static ByteBuffer header(List<TensorInfo> tensors, Map<String, String> texts)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode metadata = root.putObject("__metadata__");
    texts.forEach(metadata::put);
    long offset = 0;
    for (TensorInfo tensor : tensors) {
      ObjectNode node =
          root.putObject(tensor.name()).put("dtype", tensor.dtype() == DType.INT64 ? "I64" : "F32");
      ArrayNode shape = node.putArray("shape");
      for (long size : tensor.shape().asArray()) {
        shape.add(size);
      }
      long end = offset + tensor.bytes();
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    String json = JSON.writeValueAsString(root);
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    String padding = " ".repeat((8 - length % 8) % 8); // so that the tensors are aligned
    byte[] bytes = (json + padding).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + bytes.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(bytes.length)
        .put(bytes)
        .flip();
  }

  /**
   * Writes the next tensor.
   *
   * @param name the name of the next tensor
   * @param bytes little-endian, row-major
   * @throws IllegalArgumentException if this is not the next tensor, or the bytes are not of its
   *     size
   * @throws IOException if it cannot be written, as on a full disk
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    TensorInfo expected = next.hasNext() ? next.next() : null;
    if (expected == null
        || !expected.name().equals(name)
        || expected.bytes() != bytes.remaining()) {
      throw new IllegalArgumentException(
          "expected %s, found %s of %d bytes".formatted(expected, name, bytes.remaining()));
    }
    writeFully(bytes);
  }

  /**
   * Forces everything written so far to the disk, so that it survives a failure of the machine.
   *
   * @throws IOException if the disk reports an error
   */
  public void force() throws IOException {
    channel.force(true);
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
