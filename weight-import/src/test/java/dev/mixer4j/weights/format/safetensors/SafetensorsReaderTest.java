package dev.mixer4j.weights.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.NpyBytes;
import dev.mixer4j.weights.SafetensorsBytes;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class SafetensorsReaderTest {

  private static final String W = "'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";

  @TempDir private Path folder;

  private SafetensorsReader open(byte[] content) throws IOException {
    return new SafetensorsReader(Files.write(folder.resolve("a.safetensors"), content));
  }

  /** A file with {@code '} for {@code "} in its header. */
  private static byte[] file(String header, int dataBytes) {
    return SafetensorsBytes.withHeader(header.replace('\'', '"'), new byte[dataBytes]);
  }

  private void assertMalformed(byte[] content, String... problem) {
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.safetensors: a corrupt safetensors file")
        .hasMessageContainingAll(problem);
  }

  @Test
  void tensorsInAnyOrderWithMetadataAndPadding() throws IOException {
    String header =
        "{'__metadata__':{'format':'pt'},'b':{'dtype':'F32','shape':[1,2],'data_offsets':[4,12]},"
            + "'empty':{'dtype':'F32','shape':[0,7],'data_offsets':[4,4]},"
            + "'a':{'dtype':'F32','shape':[],'data_offsets':[0,4]}}   ";
    byte[] data = NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, 1.5f, 2.5f, 3.5f);
    try (SafetensorsReader reader =
        open(SafetensorsBytes.withHeader(header.replace('\'', '"'), data))) {
      assertThat(reader.tensors().keySet()).containsExactly("b", "empty", "a");
      assertThat(reader.tensors().get("b"))
          .isEqualTo(new TensorInfo("b", DType.FLOAT32, Shape.of(1, 2)));
      assertThat(read(reader, "a")).containsExactly(1.5f);
      assertThat(read(reader, "b")).containsExactly(2.5f, 3.5f);
      assertThat(read(reader, "empty")).isEmpty();
    }
  }

  private static float[] read(TensorFile file, String name) throws IOException {
    FloatBuffer values = FloatBuffer.allocate(file.tensors().get(name).elements());
    file.read(name, values);
    return values.array();
  }

  @ParameterizedTest
  @CsvSource({
    "F64,FLOAT64",
    "F16,FLOAT16",
    "BF16,BFLOAT16",
    "I64,INT64",
    "I32,INT32",
    "I16,INT16",
    "I8,INT8",
    "U8,UINT8",
    "BOOL,BOOL"
  })
  void dtypes(String name, DType dtype) throws IOException {
    byte[] content =
        new SafetensorsBytes()
            .tensor("w", name, new long[] {3}, new byte[3 * dtype.size()])
            .bytes();
    try (SafetensorsReader reader = open(content)) {
      assertThat(reader.tensors().get("w").dtype()).isEqualTo(dtype);
    }
  }

  @Test
  void unknownDtype() {
    byte[] content =
        new SafetensorsBytes().tensor("w", "F8_E4M3", new long[] {1}, new byte[1]).bytes();
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.safetensors", "'w'", "F8_E4M3", "BF16");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 63, 100_000_001, 1L << 31, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void headerLength(long length) {
    byte[] header = ("{" + W + "}").replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThat(header.length + 8).isEqualTo(62); // so a header of 63 would end behind the file
    assertMalformed(
        SafetensorsBytes.withLength(length, header, new byte[8]),
        "a header of 2 to 62 bytes",
        "found a length of " + Long.toUnsignedString(length));
  }

  @Test
  void lessThanALength() {
    assertMalformed(new byte[7], "expected 8 bytes at byte 0, found the end");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'w':", "{'w'}", "{}}", "{} {}", "{}garbage", "{'a':1,'a':2}", "nul"})
  void headerIsNoJson(String header) {
    assertMalformed(file(header, 0), "the header is not valid JSON");
  }

  @Test
  void headerIsNoUtf8() {
    byte[] wide = "{}  ".getBytes(StandardCharsets.UTF_16LE);
    assertMalformed(SafetensorsBytes.withLength(wide.length, wide, new byte[0]), "JSON");
    byte[] broken = {'{', '"', (byte) 0xc3, '"', ':', '1', '}'};
    assertMalformed(
        SafetensorsBytes.withLength(broken.length, broken, new byte[0]), "the header is not UTF-8");
  }

  @Test
  void headerIsNestedTooDeeply() {
    assertMalformed(
        file("{'w':" + "[".repeat(100_000), 0), "the header is more JSON than a network needs");
  }

  @Test
  void headerOfMillionsOfValues() {
    String values = "[],".repeat(1_500_000);
    assertMalformed(
        file("{'w':[" + values + "1]}", 0),
        "the header is more JSON than a network needs",
        "1048576 names and values");
  }

  @Test
  void headerBeyondTheBound() {
    byte[] header = new byte[17 << 20];
    assertMalformed(
        SafetensorsBytes.withLength(header.length, header, new byte[0]),
        "expected a header of 2 to 16777216 bytes, found a length of 17825792");
  }

  @Test
  void tooManyTensors() {
    SafetensorsBytes many = new SafetensorsBytes();
    for (int i = 0; i <= TensorFile.MAX_TENSORS; i++) {
      many.tensor("w" + i, "F32", new long[] {0}, new byte[0]);
    }
    assertMalformed(many.bytes(), "expected at most 20000 tensors, found 20001");
  }

  @Test
  void tooManyDimensions() {
    long[] ones = new long[65];
    Arrays.fill(ones, 1);
    byte[] content = new SafetensorsBytes().tensor("w", "F32", ones, new byte[4]).bytes();
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("tensor 'w': expected at most 64 dimensions, found 65");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "null", "17", "'text'", "  "})
  void headerIsNoObject(String header) {
    assertMalformed(file(header, 0), "expected a JSON object as header");
  }

  @Test
  void tensorThatIsThereTwice() {
    assertMalformed(file("{" + W + "," + W + "}", 8), "not valid JSON", "'w'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'shape':[2],'data_offsets':[0,8]}",
        "{'dtype':'F32','data_offsets':[0,8]}",
        "{'dtype':'F32','shape':[2]}",
        "{'dtype':4,'shape':[2],'data_offsets':[0,8]}",
        "{'dtype':'F32','shape':2,'data_offsets':[0,8]}",
        "{'dtype':'F32','shape':{'0':2},'data_offsets':[0,8]}",
        "{'dtype':'F32','shape':[2],'data_offsets':[8]}",
        "{'dtype':'F32','shape':[2],'data_offsets':[0,8,8]}",
        "null",
        "[]"
      })
  void missingOrOtherFields(String field) {
    assertMalformed(
        file("{'w':" + field + "}", 8), "tensor 'w': expected dtype, shape and two data_offsets");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "2.0", "25.5", "'2'", "null", "true", "[2]", "9223372036854775808"})
  void sizesAndOffsetsAreWholeNumbers(String number) {
    assertMalformed(
        file("{'w':{'dtype':'F32','shape':[" + number + "],'data_offsets':[0,8]}}", 8),
        "tensor 'w': expected a whole size",
        "found " + number.replace('\'', '"'));
    assertMalformed(
        file("{'w':{'dtype':'F32','shape':[2],'data_offsets':[" + number + ",8]}}", 8),
        "tensor 'w': expected a whole offset");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"9223372036854775807", "536870912", "1048576,1048576", "4294967296,4294967296"})
  void tooManyElements(String sizes) {
    assertMalformedTensor("{'w':{'dtype':'U8','shape':[" + sizes + "],'data_offsets':[0,0]}}");
  }

  private void assertMalformedTensor(String header) {
    assertThatThrownBy(() -> open(file(header, 0)).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.safetensors: tensor 'w'", "expected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[0,4]", "[0,12]", "[8,0]", "[9223372036854775807,3]"})
  void offsetsThatDoNotFitTheShape(String offsets) {
    assertMalformed(
        file("{'w':{'dtype':'F32','shape':[2],'data_offsets':" + offsets + "}}", 8),
        "tensor 'w': expected 8 bytes for float32 of shape [2], found data_offsets " + offsets);
  }

  @ParameterizedTest
  @CsvSource({"4,12,overlap", "0,8,overlap", "12,20,gap", "1000,1008,gap"})
  void tensorsFollowEachOther(int begin, int end, String kind) {
    String second =
        ",'v':{'dtype':'F32','shape':[2],'data_offsets':[%d,%d]}}".formatted(begin, end);
    assertMalformed(file("{" + W + second, 20), "data at offset 8, found " + begin, "a " + kind);
  }

  @Test
  void firstTensorBehindAGap() {
    assertMalformed(
        file("{'w':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}", 12),
        "tensor 'w': expected its data at offset 0, found 4: a gap");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 9, 1000})
  void dataOfAnotherLength(int bytes) {
    assertMalformed(file("{" + W + "}", bytes), "expected 8 bytes of tensors, found " + bytes);
  }

  @Test
  void fileThatShrinksWhileItIsOpen() throws IOException {
    byte[] content = file("{" + W + "}", 8);
    try (SafetensorsReader reader = open(content)) {
      Files.write(reader.path(), List.of("{}"));
      assertThatThrownBy(() -> read(reader, "w"))
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll("a.safetensors", "tensor 'w': expected 8 bytes, found 0");
    }
  }
}
