package dev.mixer4j.weights.format.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.NpyBytes;
import dev.mixer4j.weights.PickleBytes;
import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.ZipBytes;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.elements.ZipArchive;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** {@link NpzReader} and the {@link ZipArchive} below it. */
class NpzReaderTest {

  private static final float[] VALUES = {1.25f, 2.5f, 3.75f};
  private static final byte[] ARRAY = NpyBytes.of("3,", VALUES);

  @TempDir private Path folder;

  private TensorFile open(byte[] content) throws IOException {
    return TensorFiles.open(Files.write(folder.resolve("a.npz"), content));
  }

  private float[] read(byte[] content, String name) throws IOException {
    try (TensorFile file = open(content)) {
      FloatBuffer values = FloatBuffer.allocate(file.tensors().get(name).elements());
      file.read(name, values);
      return values.array();
    }
  }

  private void assertMalformed(byte[] content, String... problem) {
    assertThatThrownBy(() -> read(content, "w"))
        .isInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("a.npz")
        .hasMessageContainingAll(problem);
  }

  private static byte[] sound(boolean compressed) {
    return compressed
        ? new ZipBytes().compressed("w.npy", ARRAY).bytes()
        : new ZipBytes().stored("w.npy", ARRAY).bytes();
  }

  /** Where a little-endian field of the entry lies in the zip's directory, at its end. */
  private static int directory(byte[] zip, int offset) {
    return ZipBytes.indexOf(zip, "PK\1\2", 0) + offset;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void arraysUnderTheirNames(boolean compressed) throws IOException {
    byte[] scalar = NpyBytes.of("", 7);
    ZipBytes zip = new ZipBytes().stored("a/b.npy", scalar).stored("x.npy.npy", scalar);
    byte[] content =
        (compressed ? zip.compressed("w.npy", ARRAY) : zip.stored("w.npy", ARRAY)).bytes();
    assertThat(read(content, "w")).isEqualTo(VALUES);
    assertThat(read(content, "a/b")).containsExactly(7);
    try (TensorFile file = open(content)) {
      assertThat(file.format()).isEqualTo(Format.NPZ);
      assertThat(file.notes()).isEmpty();
      assertThat(file.tensors().keySet()).containsExactly("a/b", "x.npy", "w");
      assertThat(file.tensors().get("w"))
          .isEqualTo(new TensorInfo("w", DType.FLOAT32, Shape.of(3)));
    }
  }

  @Test
  void bigEndianFortranArrayInAZip() throws IOException {
    byte[] data = NpyBytes.floats(ByteOrder.BIG_ENDIAN, 0, 1, 2, 3, 4, 5);
    byte[] content =
        new ZipBytes().compressed("w.npy", NpyBytes.of(">f4", true, "3, 2", data)).bytes();
    assertThat(read(content, "w")).containsExactly(0, 3, 1, 4, 2, 5);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damagedElements(boolean compressed) {
    byte[] content = sound(compressed);
    if (compressed) {
      content[directory(content, 16)] ^= 1; // the CRC itself: a damaged stream may end in zlib
    } else {
      content[ZipBytes.indexOf(content, "PK\1\2", 0) - 1] ^= 1;
    }
    assertMalformed(content, "entry 'w.npy': expected CRC", "the file is damaged");
  }

  @Test
  void damagedCompressedStream() {
    byte[] content = sound(true);
    // The stream begins with a block of type 3, which there is none of.
    content[ZipBytes.indexOf(content, "w.npy", 0) + 5] |= 6;
    assertMalformed(content, "entry 'w.npy'", "block type");
  }

  @Test
  void entryThatIsThereTwice() {
    byte[] content = new ZipBytes().stored("w.npy", ARRAY).stored("v.npy", ARRAY).bytes();
    content[ZipBytes.indexOf(content, "v.npy", 0)] = 'w';
    content[ZipBytes.indexOf(content, "v.npy", 0)] = 'w';
    assertMalformed(content, "entry 'w.npy' is there twice");
  }

  @Test
  void entryThatIsNoArray() {
    byte[] content = new ZipBytes().stored("w.npy", ARRAY).stored("readme", new byte[3]).bytes();
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.npz", "entry 'readme' is not an array; expected NAME.npy");
  }

  @Test
  void entryThatIsNoNpyInside() {
    assertMalformed(
        new ZipBytes().stored("w.npy", "some text".getBytes()).bytes(), "'w'", "NumPy's magic");
  }

  @Test
  void objectArrayIsRefused() {
    byte[] objects = NpyBytes.of("|O", false, "1,", PickleBytes.start().op('N').stop());
    byte[] content = new ZipBytes().stored("w.npy", objects).bytes();
    assertThatThrownBy(() -> open(content).close())
        .isInstanceOf(UnsupportedFileException.class)
        .hasMessageContainingAll("a.npz: tensor 'w': dtype '|O' is not read");
  }

  @Test
  void arrayOfAnotherLengthThanItsEntry() {
    byte[] content =
        new ZipBytes().stored("w.npy", NpyBytes.of("<f4", false, "4,", new byte[12])).bytes();
    assertMalformed(content, "array 'w'", "expected 16 bytes", "found 12");
  }

  @Test
  void sizesThatTheDirectoryLiesAbout() {
    byte[] stored = sound(false);
    stored[directory(stored, 24) + 3] = 0x7f; // unpacked size: 2 GB
    assertMalformed(stored, "entry 'w.npy' claims", "in a file of " + stored.length);

    byte[] compressed = sound(true);
    compressed[directory(compressed, 24) + 2] = 0x7f; // 8 MB of some 100 bytes
    assertMalformed(compressed, "entry 'w.npy' claims");

    byte[] packed = sound(true);
    packed[directory(packed, 20) + 3] = 0x7f;
    assertThatThrownBy(() -> read(packed, "w")).isInstanceOf(MalformedFileException.class);

    byte[] longer = sound(true);
    longer[directory(longer, 24)] += 4;
    assertMalformed(longer, "array 'w'", "expected 12 bytes", "found 16");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void directoryThatIsCutOff(boolean compressed) {
    byte[] content = sound(compressed);
    assertMalformed(Arrays.copyOf(content, content.length - 1), "a corrupt zip file");
    assertMalformed(Arrays.copyOf(content, content.length / 2), "a corrupt zip file");
  }

  @Test
  void textThatIsNoUtf8() {
    byte[] content = new ZipBytes().stored("w.npy", ARRAY).commented("v.npy", "remark").bytes();
    content[ZipBytes.indexOf(content, "remark", 0)] = (byte) 0xff;
    assertMalformed(content, "a corrupt zip file");
  }

  @Test
  void compressionThatJavaDoesNotKnow() {
    byte[] content = sound(true);
    content[directory(content, 10)] = 12; // bzip2
    assertThatThrownBy(() -> read(content, "w"))
        .isInstanceOf(WeightsException.class)
        .hasMessageContainingAll("a.npz", "compression method");
  }
}
