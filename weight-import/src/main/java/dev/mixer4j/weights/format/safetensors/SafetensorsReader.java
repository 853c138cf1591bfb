package dev.mixer4j.weights.format.safetensors;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.ElementReader;
import dev.mixer4j.weights.format.elements.FileKind;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads a {@code .safetensors} file as its specification has it (huggingface/safetensors, README,
 * Format): eight bytes of header length, a JSON header, and the tensors, without gap or overlap to
 * the file's last byte.
 */
public final class SafetensorsReader extends OpenTensorFile {

  private static final int MAX_HEADER = BoundedJson.MAX_BYTES; // elsewhere 100 MB are allowed

  static final Map<String, DType> DTYPES =
      Map.of(
          "F64", DType.FLOAT64,
          "F32", DType.FLOAT32,
          "F16", DType.FLOAT16,
          "BF16", DType.BFLOAT16,
          "I64", DType.INT64,
          "I32", DType.INT32,
          "I16", DType.INT16,
          "I8", DType.INT8,
          "U8", DType.UINT8,
          "BOOL", DType.BOOL);

  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, Long> offsets = new HashMap<>();

  public SafetensorsReader(Path path) throws IOException {
    super(path, Format.SAFETENSORS, "safetensors file");
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long headerLength =
          ElementReader.bytes(channel, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
      long rest = channel.size() - 8;
      if (headerLength < 2 || headerLength > Math.min(MAX_HEADER, rest)) {
        byte[] start = new byte[(int) Math.min(FileKind.BYTES, channel.size())];
        ElementReader.bytes(channel, 0, start.length).get(start);
        FileKind.of(start)
            .ifPresent(
                kind -> {
                  throw new UnsupportedFileException(
                      path + ": expected a safetensors file, found " + kind);
                });
        throw malformed(
            "expected a header of 2 to %d bytes, found a length of %s"
                .formatted(Math.min(MAX_HEADER, rest), Long.toUnsignedString(headerLength)));
      }
      dataStart = 8 + headerLength;
      parse(ElementReader.bytes(channel, 8, (int) headerLength));
      checkCoverage();
    } catch (EOFException e) {
      channel.close();
      throw malformed(e.getMessage());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Reads JSON that is UTF-8: from bytes, Jackson would take UTF-16 and UTF-32 too. */
  static JsonNode json(ByteBuffer text, Function<String, MalformedFileException> malformed) {
    try {
      return BoundedJson.read(StandardCharsets.UTF_8.newDecoder().decode(text).toString());
    } catch (CharacterCodingException e) {
      throw malformed.apply("not UTF-8");
    } catch (IllegalArgumentException e) {
      throw malformed.apply(e.getMessage());
    }
  }

  private void parse(ByteBuffer header) {
    JsonNode root = json(header, problem -> malformed("the header is " + problem));
    if (root == null || !root.isObject()) {
      throw malformed("expected a JSON object as header");
    }
    checkCount(root.size());
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals("__metadata__")) {
        readTexts(field.getValue());
      } else {
        add(field.getKey(), field.getValue());
      }
    }
  }

  private void readTexts(JsonNode node) {
    if (node.isNull()) {
      return;
    }
    if (!node.isObject()) {
      throw malformed("__metadata__: expected texts by name");
    }
    for (Map.Entry<String, JsonNode> text : node.properties()) {
      if (!text.getValue().isTextual()) {
        throw malformed("__metadata__: expected a text as '" + text.getKey() + "'");
      }
      texts.put(text.getKey(), text.getValue().asText());
    }
  }

  private void add(String name, JsonNode node) {
    JsonNode shape = node.path("shape");
    JsonNode range = node.path("data_offsets");
    DType dtype = DTYPES.get(node.path("dtype").asText());
    if (node.path("dtype").isTextual() && dtype == null) {
      throw new UnsupportedFileException(
          "%s: tensor '%s': dtype %s is not read; expected one of %s"
              .formatted(path, name, node.path("dtype").asText(), DTYPES.keySet()));
    }
    if (dtype == null || !shape.isArray() || !range.isArray() || range.size() != 2) {
      throw malformed("tensor '" + name + "': expected dtype, shape and two data_offsets");
    }
    long[] sizes = new long[shape.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = whole(name, "size", shape.get(i));
    }
    TensorInfo info = TensorInfo.checked(path, name, dtype, sizes);
    long begin = whole(name, "offset", range.get(0));
    long end = whole(name, "offset", range.get(1));
    if (begin > end || end - begin != info.bytes()) {
      throw malformed(
          "tensor '%s': expected %d bytes for %s of shape %s, found data_offsets %s"
              .formatted(name, info.bytes(), dtype, info.shape(), range));
    }
    tensors.put(name, info);
    offsets.put(name, begin);
  }

  private long whole(String name, String what, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.asLong() < 0) {
      throw malformed("tensor '%s': expected a whole %s, found %s".formatted(name, what, node));
    }
    return node.asLong();
  }

  /** The tensors must fill the rest of the file: no gap to hide in, no overlap, no missing end. */
  private void checkCoverage() throws IOException {
    List<TensorInfo> ordered = new ArrayList<>(tensors.values());
    ordered.sort(
        Comparator.<TensorInfo>comparingLong(tensor -> offsets.get(tensor.name()))
            .thenComparingLong(TensorInfo::bytes));
    long next = 0;
    for (TensorInfo tensor : ordered) {
      long begin = offsets.get(tensor.name());
      if (begin != next) {
        throw malformed(
            "tensor '%s': expected its data at offset %d, found %d: a %s"
                .formatted(tensor.name(), next, begin, begin < next ? "overlap" : "gap"));
      }
      next += tensor.bytes();
    }
    long found = channel.size() - dataStart;
    if (found != next) {
      throw malformed("expected %d bytes of tensors, found %d".formatted(next, found));
    }
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    TensorInfo info = tensors.get(name);
    long at = dataStart + offsets.get(name);
    try {
      ElementReader.read(
          channel, at, info.dtype(), ByteOrder.LITTLE_ENDIAN, info.elements(), destination);
    } catch (EOFException e) {
      throw malformed("tensor '" + name + "': " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
