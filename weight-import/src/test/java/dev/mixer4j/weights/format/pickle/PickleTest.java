package dev.mixer4j.weights.format.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class PickleTest {

  /** CPython's opcodes of data, which published files hold or may hold; pickletools names them. */
  private static final String DATA = "().0NJKMGXTUBC}]tqrhjaesucQRb";

  private static final List<Integer> DATA_BEYOND_ASCII =
      List.of(0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x8d, 0x8e, 0x93, 0x94, 0x95);

  /** Allows one name, whose calls give their arguments. */
  private static final class Allowed implements Pickle.Constructors {
    @Override
    public Object global(String name) {
      Pickle.Constructor constructor = arguments -> List.of("made", arguments);
      return name.equals("allowed.name") ? constructor : null;
    }

    @Override
    public Object persistent(Object id) {
      return "persistent " + id;
    }

    @Override
    public MalformedFileException malformed(String problem) {
      return new MalformedFileException("FILE: not a sound pickle: " + problem);
    }
  }

  private static Object load(byte[] pickle) {
    return Pickle.load("FILE", ByteBuffer.wrap(pickle), new Allowed());
  }

  private static Object load(PickleBytes pickle) {
    return load(pickle.stop());
  }

  private static void assertMalformed(byte[] pickle, String problem) {
    assertThatThrownBy(() -> load(pickle))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("FILE: a corrupt pickle: ", problem);
  }

  private static void assertMalformed(PickleBytes pickle, String problem) {
    assertMalformed(pickle.stop(), problem);
  }

  /** What pickle.dumps gives for {'a': [1, -2, 2.5, None, True, False, ('x',), 70000, 300]}. */
  private static PickleBytes everyKind() {
    return PickleBytes.start()
        .op('}', 'q', 0)
        .text("a")
        .op(']', 'r', 1, 0, 0, 0, '(', 'K', 1, 'J', 0xfe, 0xff, 0xff, 0xff)
        .op('G', 0x40, 0x04, 0, 0, 0, 0, 0, 0, 'N', 0x88, 0x89)
        .op(0x8c, 1, 'x', 0x85, 0x94, 0x8a, 3, 0x70, 0x11, 0x01, 'M', 0x2c, 1)
        .op('e', 's');
  }

  @Test
  void data() {
    Map<?, ?> map = (Map<?, ?>) load(everyKind());
    assertThat(map.keySet().toString()).isEqualTo("[a]");
    assertThat((List<?>) map.get("a"))
        .isEqualTo(Arrays.asList(1L, -2L, 2.5, null, true, false, List.of("x"), 70000L, 300L));
  }

  @Test
  void protocol4WithFramesAndLongText() {
    PickleBytes pickle = new PickleBytes().op(0x80, 4, 0x95, 99, 0, 0, 0, 0, 0, 0, 0);
    pickle.op(0x8d, 2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0xa4); // ä
    pickle.op(0x94, 'h', 0, 0x86, 'j', 0, 0, 0, 0, 'h', 0, 0x87);
    assertThat(load(pickle)).isEqualTo(List.of(List.of("ä", "ä"), "ä", "ä"));
  }

  @Test
  void wholeNumbersOfEveryLength() {
    assertThat(load(PickleBytes.start().op(0x8a, 0))).isEqualTo(0L);
    assertThat(load(PickleBytes.start().op(0x8a, 1, 0xff))).isEqualTo(-1L);
    assertThat(load(PickleBytes.start().op(0x8a, 2, 0x00, 0x80))).isEqualTo(-32768L);
    assertThat(load(PickleBytes.start().number(Long.MIN_VALUE))).isEqualTo(Long.MIN_VALUE);
    assertMalformed(PickleBytes.start().op(0x8a, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1), "9 bytes");
  }

  @Test
  void bytesAndLongTextsStayWhereTheyAre() {
    assertThat(load(PickleBytes.start().op('C', 2, 7, 8))).isEqualTo(new Pickle.Span(4, 2, false));
    assertThat(load(PickleBytes.start().op('B', 1, 0, 0, 0, 7)))
        .isEqualTo(new Pickle.Span(7, 1, false));
    assertThat(load(PickleBytes.start().op(0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 7)))
        .isEqualTo(new Pickle.Span(11, 1, false));
    assertThat(load(PickleBytes.start().text("x".repeat(5000))))
        .isEqualTo(new Pickle.Span(7, 5000, true));
    assertMalformed(PickleBytes.start().op('C', 9, 7), "data of 9 bytes at byte 4, 2 are left");
    assertMalformed(
        PickleBytes.start().op('B', 0xff, 0xff, 0xff, 0xff), "data of 4294967295 bytes");
  }

  @Test
  void byteStringsOfPython2AreTextsOfLatin1() {
    assertThat(load(PickleBytes.start().op('U', 2, 'a', 0xe4))).isEqualTo("a\u00e4");
    assertThat(load(PickleBytes.start().op('T', 2, 0, 0, 0, 'a', 0x80))).isEqualTo("a\u0080");
    int[] many = new int[5000];
    assertThat(load(PickleBytes.start().op('T', 0x88, 0x13, 0, 0).op(many)))
        .isEqualTo(new Pickle.Span(7, 5000, false));
    assertMalformed(PickleBytes.start().op('U', 9), "text of 9 bytes at byte 4, 1 are left");
    assertMalformed(PickleBytes.start().op('T', 0xff, 0xff, 0xff, 0xff), "data of 4294967295");
  }

  @Test
  void tooManyInstructionsAreRefused() {
    int[] lists = new int[1 << 20];
    java.util.Arrays.fill(lists, ']');
    byte[] pickle = PickleBytes.start().op(lists).stop();
    assertThatThrownBy(() -> load(pickle))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContaining("more than 1048576 instructions");
  }

  @Test
  void tooLongALineIsRefused() {
    PickleBytes line = PickleBytes.start().global("m".repeat(2000), "name");
    assertMalformed(line, "a name of more than 1024 bytes");
  }

  @Test
  void allowedCalls() {
    PickleBytes call = PickleBytes.start().global("allowed", "name").op('K', 7, 0x85, 'R');
    assertThat(load(call)).isEqualTo(List.of("made", List.of(7L)));
    PickleBytes byStack = PickleBytes.start().text("allowed").text("name").op(0x93, ')', 'R');
    assertThat(load(byStack)).isEqualTo(List.of("made", List.of()));
    assertThat(load(PickleBytes.start().text("id").op('Q'))).isEqualTo("persistent id");
  }

  @Test
  void stateThatBuildSetsIsDropped() {
    assertThat(load(PickleBytes.start().op('K', 1, '}', 'b'))).isEqualTo(1L);
  }

  static IntStream refusedOpcodes() {
    return IntStream.range(0, 256)
        .filter(opcode -> DATA.indexOf(opcode) < 0 && !DATA_BEYOND_ASCII.contains(opcode));
  }

  @ParameterizedTest
  @MethodSource("refusedOpcodes")
  void opcodeThatIsNotNeededIsRefused(int opcode) {
    byte[] pickle = PickleBytes.start().op('K', 1, opcode).stop();
    assertThatThrownBy(() -> load(pickle))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessage(
            "FILE: pickle opcode 0x%02x at byte 4 is refused: it is not needed for plain data"
                .formatted(opcode));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "os.system",
        "posix.system",
        "builtins.eval",
        "builtins.getattr",
        "subprocess.Popen",
        "allowed.name.more",
        "allowed.Name",
        "torch.load"
      })
  void nameThatIsNotAllowedIsRefusedBeforeAnyCall(String name) {
    int dot = name.lastIndexOf('.');
    String module = name.substring(0, dot);
    String member = name.substring(dot + 1);
    for (PickleBytes pickle :
        List.of(
            PickleBytes.start().global(module, member),
            PickleBytes.start().text(module).text(member).op(0x93))) {
      assertThatThrownBy(() -> load(pickle.op(')', 'R').stop()))
          .isInstanceOf(UnsupportedFileException.class)
          .hasMessageContainingAll("FILE", "'" + name + "', which is refused", "state_dict()");
    }
  }

  @Test
  void cutOffAnywhere() {
    byte[] whole = everyKind().global("allowed", "name").op(')', 'R', '0').stop();
    load(whole);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> load(cut))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContaining("FILE: a corrupt pickle: it is cut off");
    }
  }

  @Test
  void textBeyondTheEnd() {
    assertMalformed(PickleBytes.start().op('X', 0xff, 0xff, 0xff, 0xff), "text of 4294967295");
    assertMalformed(PickleBytes.start().op(0x8c, 9), "text of 9 bytes");
    int[] minusOne = IntStream.generate(() -> 0xff).limit(8).toArray();
    assertMalformed(PickleBytes.start().op(0x8d).op(minusOne), "text of 18446744073709551615");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 6, 255})
  void otherProtocols(int version) {
    assertMalformed(new PickleBytes().op(0x80, version, 'N'), "is not one of 2 to 5");
  }

  @Test
  void stackAndMarks() {
    assertMalformed(PickleBytes.start(), "its stack is empty at byte 3");
    assertMalformed(PickleBytes.start().op('0'), "its stack is empty");
    assertMalformed(PickleBytes.start().op('('), "unexpected mark");
    assertMalformed(PickleBytes.start().op('(', '0'), "unexpected mark");
    assertMalformed(PickleBytes.start().op('(', 'q', 0), "unexpected mark");
    assertMalformed(PickleBytes.start().op(']', '(', 'a'), "unexpected mark");
    assertMalformed(PickleBytes.start().op('K', 1, '(', 0x85), "unexpected mark");
    assertMalformed(PickleBytes.start().op('K', 1, 't'), "no mark before byte");
    assertMalformed(PickleBytes.start().op(']', 'e'), "no mark before byte");
    assertMalformed(PickleBytes.start().op('(', 'e'), "its stack is empty");
    assertMalformed(PickleBytes.start().op('K', 1, 0x86), "its stack is empty");
  }

  @Test
  void memoOfAnUnknownIndex() {
    assertMalformed(PickleBytes.start().op('h', 0), "nothing was kept under 0");
    assertMalformed(PickleBytes.start().op('N', 'q', 1, 'j', 1, 1, 0, 0), "kept under 257");
  }

  @Test
  void operandsOfTheWrongKind() {
    String problem = "an operand is of the wrong kind";
    assertMalformed(PickleBytes.start().op('K', 1, 'K', 2, 'a'), problem);
    assertMalformed(PickleBytes.start().op('N', '(', 'K', 2, 'e'), problem);
    assertMalformed(PickleBytes.start().op(']').text("k").op('N', 's'), problem);
    assertMalformed(PickleBytes.start().op('K', 1, 'K', 2, 0x93), problem);
    assertMalformed(PickleBytes.start().global("allowed", "name").op(']', 'R'), problem);
    assertMalformed(PickleBytes.start().global("allowed", "name").op('N', 'R'), problem);
  }

  @Test
  void dictionaries() {
    PickleBytes twice = PickleBytes.start().op('}', '(').text("k").op('K', 1).text("k");
    assertMalformed(twice.op('K', 2, 'u'), "key 'k' is there twice");
    PickleBytes noneFirst = PickleBytes.start().op('}', '(').text("k").op('N').text("k");
    assertMalformed(noneFirst.op('K', 2, 'u'), "key 'k' is there twice");
    assertMalformed(PickleBytes.start().op('}', '(').text("k").op('u'), "a key without a value");
    for (int[] key : new int[][] {{']'}, {')'}, {'N'}, {0x88}, {'}'}}) {
      assertThatThrownBy(() -> load(PickleBytes.start().op('}').op(key).op('N', 's')))
          .isInstanceOf(UnsupportedFileException.class)
          .hasMessageContaining("neither text nor a whole number");
    }
  }

  @Test
  void structuresNestedVeryDeeply() {
    PickleBytes tuples = PickleBytes.start().op('N');
    PickleBytes lists = PickleBytes.start();
    for (int i = 0; i < 200_000; i++) {
      tuples.op(0x85);
      lists.op(']');
    }
    for (int i = 0; i < 199_999; i++) {
      lists.op('a');
    }
    assertThat(((List<?>) load(tuples)).size()).isEqualTo(1);
    assertThat(((List<?>) load(lists)).size()).isEqualTo(1);
  }

  @Test
  void structuresThatHoldThemselves() {
    List<?> list = (List<?>) load(PickleBytes.start().op(']', 'q', 0, 'h', 0, 'a'));
    assertThat(list.get(0)).isSameAs(list);
    PickleBytes map = PickleBytes.start().op('}', 'q', 0).text("me").op('h', 0, 's');
    Map<?, ?> self = (Map<?, ?>) load(map);
    assertThat(self.get("me")).isSameAs(self);
  }
}
