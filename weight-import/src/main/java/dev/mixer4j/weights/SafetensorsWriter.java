package dev.mixer4j.weights;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Writes {@code .safetensors} under timm's names, which {@code timm.create_model(...)
 * .load_state_dict(..., strict=True)} takes. What timm does not keep with the weights goes into the
 * header's metadata.
 */
final class SafetensorsWriter implements WeightsWriter {

  private static final JsonMapper JSON = new JsonMapper();

  @Override
  public void write(
      Path path, MixerWeights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    try (FileChannel out =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeFully(out, header(weights.config(), metadata.get()));
      Tensors.forEach(weights, "timm", progress, (name, shape, bytes) -> writeFully(out, bytes));
    }
  }

  private static ByteBuffer header(MixerConfig config, Metadata metadata) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode texts = root.putObject("__metadata__").put("format", "pt");
    metadata.toText().forEach(texts::put);
    long offset = 0;
    for (Tensors.Plan plan : Tensors.plan(config, "timm")) {
      ObjectNode tensor = root.putObject(plan.name()).put("dtype", "F32");
      for (long size : plan.shape().asArray()) {
        tensor.withArray("shape").add(size);
      }
      tensor.putArray("data_offsets").add(offset).add(offset + plan.bytes());
      offset += plan.bytes();
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

  private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
