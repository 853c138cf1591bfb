package dev.mixer4j.weights.format.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** finetune-cifar's tests read files that Python wrote; these are the odd cases. */
class PickledDictionaryTest {

  private static PickledDictionary read(PickleBytes pickle) {
    return PickledDictionary.read("FILE", ByteBuffer.wrap(pickle.stop()));
  }

  /** A dictionary's start up to one entry's value. */
  private static PickleBytes entry() {
    return PickleBytes.start().op('}', 'U', 1, 'k');
  }

  /** {@code {'k': array}} of uint8, whose elements are the operand of the last opcode. */
  private static PickleBytes array(int rows, int columns, boolean fortran, int... content) {
    return entry()
        .global("numpy.core.multiarray", "_reconstruct")
        .global("numpy", "ndarray")
        .op('K', 0, 0x85, 'U', 1, 'b', 0x87, 'R', '(', 'K', 1, 'K', rows, 'K', columns, 0x86)
        .global("numpy", "dtype")
        .op('U', 2, 'u', '1', 'K', 0, 'K', 1, 0x87, 'R')
        .op('(', 'K', 3, 'U', 1, '|', 'N', 'N', 'N', 'K', 0, 'K', 0, 'K', 0, 't', 'b')
        .op(fortran ? 0x88 : 0x89)
        .op(content)
        .op('t', 'b', 's');
  }

  private static byte[] matrix(PickleBytes pickle, int rows, int columns) throws IOException {
    return read(pickle).matrix("k", rows, columns).readAllBytes();
  }

  @Test
  void byteStringsAreAnArraysElements() throws IOException {
    assertThat(matrix(array(2, 3, false, 'U', 6, 1, 2, 3, 4, 5, 250), 2, 3))
        .containsExactly(1, 2, 3, 4, 5, 250);
    assertThat(matrix(array(2, 1, false, 'T', 2, 0, 0, 0, 0x80, 0xff), 2, 1))
        .containsExactly(0x80, 0xff);
  }

  @Test
  void columnsFirstAreTurned() throws IOException {
    assertThat(matrix(array(2, 3, true, 'U', 6, 1, 4, 2, 5, 3, 6), 2, 3))
        .containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void otherShapesAndContentsAreRefused() {
    assertThatThrownBy(() -> matrix(array(2, 3, false, 'U', 6, 1, 2, 3, 4, 5, 6), 3, 2))
        .isInstanceOf(MalformedFileException.class)
        .hasMessage("FILE: expected uint8 of shape [3, 2] under 'k', found uint8 of [2, 3]");
    assertThatThrownBy(() -> matrix(array(2, 3, false, 'U', 5, 1, 2, 3, 4, 5), 2, 3))
        .isInstanceOf(MalformedFileException.class);
    assertThatThrownBy(
            () -> matrix(array(1, 2, false, 'X', 4, 0, 0, 0, 0xc4, 0x80, 'a', 'b'), 1, 2))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContaining("bytes");
    assertThatThrownBy(() -> read(array(2, 3, false, 'N')))
        .hasMessageContaining("elements are not bytes");
  }

  @Test
  void textThatIsShorterThanItsShapeTellsIsFoundWhenRead() {
    // 6000 bytes of UTF-8 may be 3000 to 6000 characters; they are 5999.
    int[] content = new int[5 + 6000];
    Arrays.fill(content, 'x');
    System.arraycopy(new int[] {'X', 0x70, 0x17, 0, 0, 0xc3, 0x80}, 0, content, 0, 7);
    assertThatThrownBy(() -> matrix(array(100, 60, true, content), 100, 60))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void listsOfOneKind() {
    PickledDictionary numbers = read(entry().op(']', '(', 'K', 7, 'K', 9, 'e', 's'));
    assertThat(numbers.numbers("k")).containsExactly(7, 9);
    assertThatThrownBy(() -> numbers.texts("k")).hasMessageContaining("expected texts under 'k'");
    assertThatThrownBy(() -> numbers.numbers("other"))
        .hasMessage("FILE: expected an entry 'other', found none");
    assertThatThrownBy(() -> numbers.matrix("k", 1, 2)).hasMessageContaining("a NumPy array");
    PickledDictionary texts = read(entry().op(']', 'U', 1, 0xe4, 'a', 's'));
    assertThat(texts.texts("k")).containsExactly("ä");
    assertThatThrownBy(() -> texts.numbers("k")).hasMessageContaining("found a String");
    assertThatThrownBy(() -> read(entry().op('N', 's')).texts("k"))
        .hasMessage("FILE: expected a list under 'k', found a None");
  }

  @Test
  void onePickleOfADictionary() {
    assertThatThrownBy(() -> read(PickleBytes.start().op(']')))
        .hasMessageContaining("expected a pickled dictionary");
    byte[] more = Arrays.copyOf(entry().op('N', 's').stop(), 99);
    assertThatThrownBy(() -> PickledDictionary.read("FILE", ByteBuffer.wrap(more)))
        .hasMessage("FILE: the pickle ends at byte 9, and 90 bytes follow");
    assertThatThrownBy(() -> read(PickleBytes.start().global("os", "system")))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContaining("'os.system', which is refused")
        .hasMessageContaining("pickle a dictionary of lists and NumPy arrays alone");
  }

  /** As Python 3 pickles what it read from Python 2's files with {@code encoding="bytes"}. */
  @Test
  void keysAndTextsMayBeBytes() {
    PickleBytes pickle =
        PickleBytes.start()
            .op('}', 'C', 1, 'k', ']', 'C', 2, 'a', 0xe9, 'a', 'U', 1, 'b', 'a', 's');
    assertThat(read(pickle).texts("k")).containsExactly("a\u00e9", "b");
  }
}
