package dev.mixer4j.weights.format.torch;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.NpyBytes;
import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of .pth files share: small ones made opcode by opcode, and their reading. */
abstract class TorchFileTest {

  /** Storage 0 of most files here. */
  static final byte[] TWELVE =
      NpyBytes.floats(ByteOrder.LITTLE_ENDIAN, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

  @TempDir private Path folder;

  TensorFile open(byte[] content) throws IOException {
    return TensorFiles.open(Files.write(folder.resolve("a.pth"), content));
  }

  static byte[] file(PickleBytes pickle) {
    return zip(pickle).bytes();
  }

  static ZipBytes zip(PickleBytes pickle) {
    return new ZipBytes().stored("model/data.pkl", pickle.stop()).stored("model/data/0", TWELVE);
  }

  /** A state dict with one tensor, {@code w}. */
  static PickleBytes dict(UnaryOperator<PickleBytes> tensor) {
    return tensor.apply(PickleBytes.start().op('}').text("w")).op('s');
  }

  static PickleBytes view(long elements, long offset, long[] sizes, long... strides) {
    return dict(p -> p.tensor("FloatStorage", "0", elements, offset, sizes, strides));
  }

  static long[] sizes(long... sizes) {
    return sizes;
  }

  float[] read(byte[] content, String name) throws IOException {
    try (TensorFile file = open(content)) {
      FloatBuffer values = FloatBuffer.allocate(file.tensors().get(name).elements());
      file.read(name, values);
      return values.array();
    }
  }

  void assertMalformed(PickleBytes pickle, String... problem) {
    assertMalformed(file(pickle), problem);
  }

  void assertMalformed(byte[] content, String... problem) {
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.pth: a corrupt PyTorch file")
        .hasMessageContainingAll(problem);
  }

  void assertUnsupported(byte[] content, String... problem) {
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.pth")
        .hasMessageContainingAll(problem);
  }
}
