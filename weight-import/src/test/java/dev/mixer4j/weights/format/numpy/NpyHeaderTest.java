package dev.mixer4j.weights.format.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.NpyBytes;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** {@link NpyHeader} and {@link NpyFile}, which reads one array behind its header. */
class NpyHeaderTest {

  @TempDir private Path folder;

  private NpyFile read(byte[] content) throws IOException {
    return NpyFile.read(Files.write(folder.resolve("a.npy"), content));
  }

  private void assertMalformed(byte[] content, String... problem) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.npy")
        .hasMessageContainingAll(problem);
  }

  private void assertUnsupported(byte[] content, String... problem) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.npy")
        .hasMessageContainingAll(problem);
  }

  private static final String DICTIONARY =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  private static final byte[] SIX = NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, 0, 1, 2, 3, 4, 5);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void versions(int version) throws IOException {
    NpyFile file = read(NpyBytes.withHeader(version, DICTIONARY, SIX));
    assertThat(file.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(file.values().remaining()).isEqualTo(6);
    assertThat(file.values().array()).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 200})
  void otherVersions(int version) {
    assertMalformed(NpyBytes.withHeader(version, DICTIONARY, SIX), "is not one of 1 to 3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"'';[]", "4,;[4]", "4;[4]", "2, 3;[2, 3]", "0, 5;[0, 5]"})
  void shapes(String text, String shape) throws IOException {
    int elements = text.isEmpty() ? 1 : text.startsWith("0") ? 0 : text.startsWith("4") ? 4 : 6;
    byte[] content = NpyBytes.of(text, new float[elements]);
    assertThat(read(content).shape().toString()).isEqualTo(shape);
  }

  @Test
  void fortranOrder() throws IOException {
    NpyFile matrix = read(NpyBytes.of("<f4", true, "2, 3", SIX));
    assertThat(matrix.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(matrix.values().array()).containsExactly(0, 2, 4, 1, 3, 5);
    NpyFile cube = read(NpyBytes.of("<f4", true, "1, 3, 2", SIX));
    assertThat(cube.values().array()).containsExactly(0, 3, 1, 4, 2, 5);
    assertThat(read(NpyBytes.of("<f4", true, "6,", SIX)).values().array())
        .containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void byteOrdersAndFloatTypes() throws IOException {
    byte[] big = NpyBytes.floats(ByteOrder.BIG_ENDIAN, 1.5f, -2f);
    assertThat(read(NpyBytes.of(">f4", false, "2,", big)).values().array())
        .containsExactly(1.5f, -2f);
    byte[] doubles = ByteBuffer.allocate(8).putDouble(0.1).array();
    assertThat(read(NpyBytes.of(">f8", false, "1,", doubles)).values().array())
        .containsExactly(0.1f);
    assertThat(read(NpyBytes.of("<f2", false, "1,", new byte[] {0, 0x3e})).values().array())
        .containsExactly(1.5f);
    byte[] bfloat16 = {(byte) 0xc0, 0x3f};
    for (String descr : new String[] {"|V2", "<V2"}) {
      assertThat(read(NpyBytes.of(descr, false, "1,", bfloat16)).values().array())
          .containsExactly(1.5f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"|O", "<c8", "<U3", "|V4", "<f16", "<u8", "|S1", "f", "f4", ""})
  void dtypesThatAreNotRead(String descr) {
    assertUnsupported(NpyBytes.of(descr, false, "1,", new byte[8]), "dtype '" + descr + "'");
  }

  @ParameterizedTest
  @CsvSource({"<i8,INT64", "<i4,INT32", "<i2,INT16", "|i1,INT8", "|u1,UINT8", "|b1,BOOL"})
  void dtypesThatAreNoFloats(String descr, DType dtype) {
    byte[] content = NpyBytes.of(descr, false, "2,", new byte[2 * dtype.size()]);
    assertUnsupported(content, "expected floating-point numbers, found " + dtype);
  }

  @Test
  void structuredDtype() {
    String header = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    assertUnsupported(NpyBytes.withHeader(1, header, new byte[4]), "structured dtype");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{'descr': '<f4', 'shape': (2, 3), }",
        "{'fortran_order': False, 'descr': '<f4', 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3], }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } x"
      })
  void headersThatNumPyDoesNotWrite(String dictionary) {
    assertMalformed(NpyBytes.withHeader(1, dictionary, SIX), "unexpected header");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"2 3", "99999999999999999999,"})
  void shapesThatAreNoNumbers(String text) {
    assertMalformed(NpyBytes.of("<f4", false, text, SIX), "unexpected shape");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"536870912,", "65536, 65536", "9223372036854775807, 9223372036854775807"})
  void tooManyElements(String text) {
    assertMalformed(NpyBytes.of("<f4", false, text, SIX), "expected", "found");
  }

  @Test
  void headerIsTooLongOrCutOff() {
    assertMalformed(
        NpyBytes.withLength(2, 1 << 30, DICTIONARY, SIX), "header of 1073741824 bytes is too long");
    assertMalformed(NpyBytes.withLength(2, -1, DICTIONARY, SIX), "4294967295 bytes is too long");
    assertMalformed(NpyBytes.withLength(1, 1000, DICTIONARY, SIX), "the header is cut off");
    assertMalformed(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, "is cut off");
  }

  @Test
  void noMagic() {
    assertMalformed(new byte[0], "NumPy's magic");
    assertMalformed("this is only some text".getBytes(), "NumPy's magic");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 23, 25, 100})
  void dataOfAnotherLength(int bytes) {
    assertMalformed(
        NpyBytes.withHeader(1, DICTIONARY, new byte[bytes]),
        "expected 24 bytes for float32 of shape [2, 3], found " + bytes);
  }

  @Test
  void folderInPlaceOfAFile() {
    assertThatThrownBy(() -> NpyFile.read(folder))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessage(folder + ": expected a file, found a folder");
  }
}
