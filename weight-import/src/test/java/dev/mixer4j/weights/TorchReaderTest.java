package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class TorchReaderTest {

  /** Storage 0 of most files here. */
  private static final byte[] TWELVE =
      NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

  @TempDir private Path folder;

  private TensorFile open(byte[] content) throws IOException {
    return TensorFiles.open(Files.write(folder.resolve("a.pth"), content));
  }

  private static byte[] file(PickleBytes pickle) {
    return zip(pickle).bytes();
  }

  private static ZipBytes zip(PickleBytes pickle) {
    return new ZipBytes().stored("model/data.pkl", pickle.stop()).stored("model/data/0", TWELVE);
  }

  /** A state dict with one tensor, {@code w}. */
  private static PickleBytes dict(UnaryOperator<PickleBytes> tensor) {
    return tensor.apply(PickleBytes.start().op('}').text("w")).op('s');
  }

  private static PickleBytes view(long elements, long offset, long[] sizes, long... strides) {
    return dict(p -> p.tensor("FloatStorage", "0", elements, offset, sizes, strides));
  }

  private static long[] sizes(long... sizes) {
    return sizes;
  }

  private float[] read(byte[] content, String name) throws IOException {
    try (TensorFile file = open(content)) {
      FloatBuffer values = FloatBuffer.allocate(file.tensors().get(name).elements());
      file.read(name, values);
      return values.array();
    }
  }

  private void assertMalformed(PickleBytes pickle, String... problem) {
    assertMalformed(file(pickle), problem);
  }

  private void assertMalformed(byte[] content, String... problem) {
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.pth: not a sound PyTorch file")
        .hasMessageContainingAll(problem);
  }

  private void assertUnsupported(byte[] content, String... problem) {
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.pth")
        .hasMessageContainingAll(problem);
  }

  @Test
  void viewsOfAStorage() throws IOException {
    assertThat(read(file(view(12, 0, sizes(3, 4), 4, 1)), "w"))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(read(file(view(12, 5, sizes(2, 3), 3, 1)), "w")).containsExactly(5, 6, 7, 8, 9, 10);
    assertThat(read(file(view(12, 0, sizes(4, 3), 1, 4)), "w"))
        .containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
    assertThat(read(file(view(12, 1, sizes(2, 1, 3), 6, 99, 2)), "w"))
        .containsExactly(1, 3, 5, 7, 9, 11);
    assertThat(read(file(view(12, 11, sizes())), "w")).containsExactly(11);
    assertThat(read(file(view(12, 12, sizes(0, 4), 4, 1)), "w")).isEmpty();
  }

  @Test
  void stateDictIsAnOrderedDictOfParametersWithMetadata() throws IOException {
    PickleBytes pickle =
        PickleBytes.start()
            .global("collections", "OrderedDict")
            .op(')', 'R')
            .text("w")
            .global("torch._utils", "_rebuild_parameter")
            .tensor("FloatStorage", "0", 12, 3, sizes(2), sizes(1))
            .op(0x88, ')', 0x87, 'R', 's', '}')
            .text("_metadata")
            .op('}', 's', 'b');
    byte[] content = file(pickle);
    assertThat(read(content, "w")).containsExactly(3, 4);
    try (TensorFile file = open(content)) {
      assertThat(file.format()).isEqualTo(Format.PTH);
      assertThat(file.tensors())
          .containsOnly(java.util.Map.entry("w", new TensorInfo("w", DType.FLOAT32, Shape.of(2))));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Double,FLOAT64",
    "Half,FLOAT16",
    "BFloat16,BFLOAT16",
    "Long,INT64",
    "Int,INT32",
    "Short,INT16",
    "Char,INT8",
    "Byte,UINT8",
    "Bool,BOOL"
  })
  void storageTypes(String type, DType dtype) throws IOException {
    long elements = TWELVE.length / dtype.size();
    PickleBytes pickle =
        dict(p -> p.tensor(type + "Storage", "0", elements, 0, sizes(2), sizes(1)));
    try (TensorFile file = open(file(pickle))) {
      assertThat(file.tensors().get("w").dtype()).isEqualTo(dtype);
    }
  }

  @ParameterizedTest
  @CsvSource({"little,0.1", "big,0.1"})
  void byteOrder(String order, float expected) throws IOException {
    ByteOrder bytes = order.equals("big") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    byte[] storage = ByteBuffer.allocate(8).order(bytes).putDouble(0.1).array();
    PickleBytes pickle = dict(p -> p.tensor("DoubleStorage", "0", 1, 0, sizes(1), sizes(1)));
    byte[] content =
        new ZipBytes()
            .stored("m/data.pkl", pickle.stop())
            .stored("m/byteorder", order.getBytes(StandardCharsets.US_ASCII))
            .stored("m/data/0", storage)
            .bytes();
    assertThat(read(content, "w")).containsExactly(expected);
  }

  @Test
  void otherByteOrder() {
    ZipBytes zip = zip(view(12, 0, sizes(1), 1));
    assertMalformed(zip.stored("model/byteorder", new byte[] {'?'}).bytes(), "byteorder is '?'");
  }

  @Test
  void storageThatIsMissing() {
    assertMalformed(
        dict(p -> p.tensor("FloatStorage", "1", 12, 0, sizes(1), sizes(1))),
        "tensor 'w': storage 1 is missing");
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 13, 0, -1, Long.MAX_VALUE})
  void storageOfAnotherSize(long elements) {
    assertMalformed(
        view(elements, 0, sizes(1), 1),
        "tensor 'w': expected a storage of " + elements + " elements of float32, found 48 bytes");
  }

  @Test
  void storageOfNoWholeNumberOfElements() {
    PickleBytes pickle = view(12, 0, sizes(1), 1);
    byte[] content =
        new ZipBytes()
            .stored("model/data.pkl", pickle.stop())
            .stored("model/data/0", Arrays.copyOf(TWELVE, 50))
            .bytes();
    assertMalformed(content, "found 50 bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "0,13,1",
    "12,1,1",
    "11,2,1",
    "1,12,1",
    "0,2,12",
    "0,3,6",
    "0,2,9223372036854775807",
    "9223372036854775807,1,1",
    "0,536870911,9223372036854775807",
    "0,3,4611686018427387904"
  })
  void viewThatIsOutOfBounds(long offset, long size, long stride) {
    assertThatThrownBy(() -> open(file(view(12, offset, sizes(size), stride))).close())
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll("a.pth", "tensor 'w'", "strid");
  }

  @Test
  void viewThatMakesNoSense() {
    String problem = "tensor 'w': its view of the storage makes no sense";
    assertMalformed(view(12, -1, sizes(1), 1), problem);
    assertMalformed(view(12, 0, sizes(1)), problem);
    assertMalformed(view(12, 0, sizes(1, 1), 1), problem);
    assertMalformed(view(12, 11, sizes(2), -1), "negative stride -1");
  }

  @Test
  void sizesThatAreNegativeOrTooLarge() {
    for (long[] sizes : new long[][] {{-1}, {1L << 40}, {1 << 20, 1 << 20}, {1 << 30}}) {
      long[] strides = Permutation.strides(Shape.of(1, 1)).clone();
      assertThatThrownBy(
              () -> open(file(view(12, 0, sizes, Arrays.copyOf(strides, sizes.length)))).close())
          .isInstanceOf(MalformedFileException.class)
          .hasMessageContainingAll("a.pth: tensor 'w': expected");
    }
  }

  @Test
  void viewThatRepeatsElements() {
    assertUnsupported(file(view(12, 0, sizes(500_000_000), 0)), "'w' repeats elements", "clone()");
    assertUnsupported(file(view(12, 0, sizes(4, 4), 1, 1)), "repeats elements (strides [1, 1])");
  }

  @Test
  void tooManyDimensions() throws IOException {
    long[] ones = new long[64];
    Arrays.fill(ones, 1);
    assertThat(read(file(view(12, 7, ones, ones)), "w")).containsExactly(7);
    long[] more = new long[65];
    assertMalformed(view(12, 0, more, more), "a tensor of 65 dimensions");
  }

  @Test
  void torchScriptIsRefused() {
    ZipBytes zip = zip(view(12, 0, sizes(1), 1)).stored("model/constants.pkl", new byte[0]);
    assertUnsupported(zip.bytes(), "TorchScript", "torch.save(model.state_dict(), FILE)");
  }

  @Test
  void anythingButAStateDictIsRefused() {
    assertUnsupported(file(PickleBytes.start().op(']')), "expected a state dict");
    assertUnsupported(file(PickleBytes.start().op('N')), "expected a state dict");
    assertUnsupported(
        file(PickleBytes.start().op('}').text("weights").op('}', 's')),
        "entry 'weights' is not a tensor",
        "save model.state_dict()");
    assertUnsupported(file(dict(p -> p.op('N'))), "entry 'w' is not a tensor");
    PickleBytes number = PickleBytes.start().op('}', 'K', 7);
    number.tensor("FloatStorage", "0", 12, 0, sizes(1), sizes(1)).op('s');
    assertUnsupported(file(number), "entry '7'");
  }

  @Test
  void argumentsThatAreNotThoseOfTorchSave() {
    String tensor = "unexpected arguments of TENSOR";
    UnaryOperator<PickleBytes> rebuild = p -> p.global("torch._utils", "_rebuild_tensor_v2");
    assertMalformed(dict(p -> rebuild.apply(p).op(')', 'R')), tensor);
    assertMalformed(
        dict(p -> rebuild.apply(p).op('(', 'N', 'K', 0).tuple(1).tuple(1).op('t', 'R')), tensor);
    assertMalformed(
        dict(p -> rebuild.apply(p).op('(', 'K', 1, 'K', 0).tuple(1).tuple(1).op('t', 'R')), tensor);
    UnaryOperator<PickleBytes> withStorage =
        p -> rebuild.apply(p).op('(').storage("FloatStorage", "0", 12);
    assertMalformed(dict(p -> withStorage.apply(p).op('N', 'N', 'N', 't', 'R')), tensor);
    assertMalformed(dict(p -> withStorage.apply(p).op('K', 0, ']', ')', 't', 'R')), tensor);
    assertMalformed(dict(p -> withStorage.apply(p).op('K', 0, 'N', 0x85, ')', 't', 'R')), tensor);

    UnaryOperator<PickleBytes> parameter = p -> p.global("torch._utils", "_rebuild_parameter");
    String problem = "unexpected arguments of PARAMETER";
    assertMalformed(dict(p -> parameter.apply(p).op('N', 0x85, 'R')), problem);
    assertMalformed(dict(p -> parameter.apply(p).op('K', 1, 0x85, 'R')), problem);
    assertMalformed(dict(p -> parameter.apply(p).op(')', 'R')), problem);

    assertMalformed(
        dict(p -> p.global("collections", "OrderedDict").op(']', 0x85, 'R')), "OrderedDict");
    assertMalformed(dict(p -> p.text("os.system").op(')', 'R')), "no constructor");
    assertMalformed(dict(p -> p.global("torch", "FloatStorage").op(')', 'R')), "no constructor");
    assertMalformed(dict(p -> p.text("storage").op('Q')), "unexpected persistent id");
    assertMalformed(dict(p -> p.tuple(1, 2, 3, 4, 5).op('Q')), "unexpected persistent id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hostile_os_system.pth", "hostile_eval.pth"})
  void pickleThatCallsFunctions(String fixture) {
    assertThatThrownBy(() -> TensorFiles.open(Fixtures.path(fixture)))
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll(
            fixture, "which is refused", fixture.contains("eval") ? "eval" : "system");
  }

  @Test
  void pickleThatIsTooLong() {
    PickleBytes pickle = PickleBytes.start().text("x".repeat(4 << 20)).op('0', '}');
    byte[] content = new ZipBytes().compressed("model/data.pkl", pickle.stop()).bytes();
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.pth", "'model/data.pkl': expected at most 4194304 bytes");
  }

  @Test
  void damagedStorage() throws IOException {
    byte[] content = file(view(12, 0, sizes(12), 1));
    content[ZipBytes.indexOf(content, "model/data/0", 0) + 12 + 40] ^= 1;
    assertThatThrownBy(() -> read(content, "w"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.pth", "entry 'model/data/0': expected CRC");
  }
}
