package dev.mixer4j.weights.format.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.ElementReader;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a {@code .safetensors} file as its specification has it (huggingface/safetensors, README,
 * Format): eight bytes of header length, a JSON header, and the tensors, without gap or overlap to
 * the file's last byte.
 */
public final class SafetensorsReader extends OpenTensorFile {

  /** The reference implementation's bound. */
  private static final int MAX_HEADER = 100_000_000;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

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

  private record Entry(TensorInfo info, long begin, long end) {}

  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  public SafetensorsReader(Path path) throws IOException {
    super(path, Format.SAFETENSORS, "safetensors file");
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long headerLength =
          ElementReader.bytes(channel, 0, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
      long rest = channel.size() - 8;
      if (headerLength < 2 || headerLength > Math.min(MAX_HEADER, rest)) {
        throw malformed(
            "expected a header of 2 to %d bytes, found a length of %s"
                .formatted(Math.min(MAX_HEADER, rest), Long.toUnsignedString(headerLength)));
      }
      dataStart = 8 + headerLength;
      parse(ElementReader.bytes(channel, 8, (int) headerLength));
      checkCoverage();
      entries.forEach((name, entry) -> tensors.put(name, entry.info));
    } catch (EOFException e) {
      channel.close();
      throw malformed(e.getMessage());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Reads JSON that is UTF-8: from bytes, Jackson would take UTF-16 and UTF-32 too.
   *
   * @throws IllegalArgumentException if it is not, with the reason
   */
  static JsonNode json(ByteBuffer text) {
    try {
      return JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(text).toString());
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("not UTF-8", e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private void parse(ByteBuffer header) {
    JsonNode root;
    try {
      root = json(header);
    } catch (IllegalArgumentException e) {
      throw malformed("the header is " + e.getMessage());
    }
    if (root == null || !root.isObject()) {
      throw malformed("expected a JSON object as header");
    }
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals("__metadata__")) {
        readTexts(field.getValue());
      } else {
        entries.put(field.getKey(), entry(field.getKey(), field.getValue()));
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

  private Entry entry(String name, JsonNode node) {
    JsonNode shape = node.path("shape");
    JsonNode offsets = node.path("data_offsets");
    DType dtype = DTYPES.get(node.path("dtype").asText());
    if (node.path("dtype").isTextual() && dtype == null) {
      throw new UnsupportedFileException(
          "%s: tensor '%s': dtype %s is not read; expected one of %s"
              .formatted(path, name, node.path("dtype").asText(), DTYPES.keySet()));
    }
    if (dtype == null || !shape.isArray() || !offsets.isArray() || offsets.size() != 2) {
      throw malformed("tensor '" + name + "': expected dtype, shape and two data_offsets");
    }
    long[] sizes = new long[shape.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = whole(name, "size", shape.get(i));
    }
    TensorInfo info = TensorInfo.checked(path, name, dtype, sizes);
    Entry entry =
        new Entry(
            info, whole(name, "offset", offsets.get(0)), whole(name, "offset", offsets.get(1)));
    if (entry.begin > entry.end || entry.end - entry.begin != info.bytes()) {
      throw malformed(
          "tensor '%s': expected %d bytes for %s of shape %s, found data_offsets %s"
              .formatted(name, info.bytes(), dtype, info.shape(), offsets));
    }
    return entry;
  }

  private long whole(String name, String what, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.asLong() < 0) {
      throw malformed("tensor '%s': expected a whole %s, found %s".formatted(name, what, node));
    }
    return node.asLong();
  }

  /** The tensors must fill the rest of the file: no gap to hide in, no overlap, no missing end. */
  private void checkCoverage() throws IOException {
    List<Entry> ordered = new ArrayList<>(entries.values());
    ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long next = 0;
    for (Entry entry : ordered) {
      if (entry.begin != next) {
        throw malformed(
            "tensor '%s': expected its data at offset %d, found %d: a %s"
                .formatted(
                    entry.info.name(), next, entry.begin, entry.begin < next ? "overlap" : "gap"));
      }
      next = entry.end;
    }
    long found = channel.size() - dataStart;
    if (found != next) {
      throw malformed("expected %d bytes of tensors, found %d".formatted(next, found));
    }
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    Entry entry = entries.get(name);
    try {
      ElementReader.read(
          channel,
          dataStart + entry.begin,
          entry.info.dtype(),
          ByteOrder.LITTLE_ENDIAN,
          entry.info.elements(),
          destination);
    } catch (EOFException e) {
      throw malformed("tensor '" + name + "': " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
