package dev.mixer4j.weights.write;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * Writes a safetensors file of float32 tensors, whatever they are of: first what there will be,
 * then each tensor in that order.
 */
public final class SafetensorsOutput implements Closeable {

  private static final JsonMapper JSON = new JsonMapper();

  private final FileChannel channel;
  private final Map<String, Shape> tensors;
  private final Iterator<Map.Entry<String, Shape>> next;

  /**
   * Starts a new file.
   *
   * @param path that is not there yet
   * @param tensors their shapes by name, in the order in which they will be written
   * @param texts the file's metadata
   * @throws IOException if it is there, or cannot be written
   */
  public SafetensorsOutput(Path path, Map<String, Shape> tensors, Map<String, String> texts)
      throws IOException {
    this.tensors = new LinkedHashMap<>(tensors);
    this.next = this.tensors.entrySet().iterator();
    this.channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      writeFully(header(texts));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private ByteBuffer header(Map<String, String> texts) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode metadata = root.putObject("__metadata__");
    texts.forEach(metadata::put);
    long offset = 0;
    for (Map.Entry<String, Shape> tensor : tensors.entrySet()) {
      ObjectNode node = root.putObject(tensor.getKey()).put("dtype", "F32");
      ArrayNode shape = node.putArray("shape");
      for (long size : tensor.getValue().asArray()) {
        shape.add(size);
      }
      long end = offset + tensor.getValue().size() * Float.BYTES;
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
   * @param name the next tensor's
   * @param bytes float32, little-endian, row-major
   * @throws IllegalArgumentException if it is not the next one's turn, or not of its size
   * @throws IOException if it cannot be written, as on a full disk
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    Map.Entry<String, Shape> expected = next.hasNext() ? next.next() : null;
    if (expected == null
        || !expected.getKey().equals(name)
        || expected.getValue().size() * Float.BYTES != bytes.remaining()) {
      throw new IllegalArgumentException(
          "expected %s, found %s of %d bytes".formatted(expected, name, bytes.remaining()));
    }
    writeFully(bytes);
  }

  /**
   * Has the disk keep what was written, even if the machine fails.
   *
   * @throws IOException if the disk fails to
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
