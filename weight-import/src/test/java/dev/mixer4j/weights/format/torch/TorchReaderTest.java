package dev.mixer4j.weights.format.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.Fixtures;
import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

class TorchReaderTest extends TorchFileTest {

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
    String tensor = "unexpected arguments of torch._utils._rebuild_tensor_v2";
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
    String problem = "unexpected arguments of torch._utils._rebuild_parameter";
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
