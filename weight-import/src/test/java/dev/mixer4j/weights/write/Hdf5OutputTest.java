package dev.mixer4j.weights.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.hdf5.global.hdf5.*;

import dev.mixer4j.weights.TensorFiles;
import dev.mixer4j.weights.format.UnsupportedFileException;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Java's writer writes, as the HDF Group's own library reads it. */
class Hdf5OutputTest {

  @TempDir private Path folder;

  Hdf5Target create(Path path) throws IOException {
    return new Hdf5Output(path);
  }

  private Path write(Content content) throws IOException {
    Path file = folder.resolve("a.h5");
    try (Hdf5Target out = create(file)) {
      content.write(out);
      out.finish();
    }
    return file;
  }

  private interface Content {
    void write(Hdf5Target out) throws IOException;
  }

  private static ByteBuffer bytes(float... values) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  /** Opens with the checks of the native library: signature, versions, checksums, end. */
  private static long open(Path file) {
    long id = H5Fopen(file.toString(), H5F_ACC_RDONLY, H5P_DEFAULT);
    assertThat(id).as("what H5Fopen says").isPositive();
    return id;
  }

  private static float[] floats(long file, String dataset, int count) {
    long id = H5Dopen2(file, dataset, H5P_DEFAULT);
    assertThat(id).as(dataset).isPositive();
    try (FloatPointer data = new FloatPointer(count)) {
      assertThat(H5Dread(id, H5T_NATIVE_FLOAT_g(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data)).isZero();
      float[] values = new float[count];
      data.get(values);
      return values;
    } finally {
      H5Dclose(id);
    }
  }

  @Test
  void datasetsInGroups() throws IOException {
    Random random = new Random(1);
    List<String> names =
        IntStream.range(0, 70).mapToObj(i -> "MixerBlock_" + i + "/token_mixing/kernel").toList();
    float[][] values = new float[names.size()][];
    Path path =
        write(
            out -> {
              for (int i = 0; i < values.length; i++) {
                values[i] = new float[2 * (i + 1)];
                for (int j = 0; j < values[i].length; j++) {
                  values[i][j] = random.nextFloat();
                }
                out.dataset(names.get(i), new long[] {i + 1, 2}, bytes(values[i]));
              }
              out.dataset("bias", new long[] {1}, bytes(7));
            });
    long file = open(path);
    for (int i = 0; i < values.length; i++) {
      assertThat(floats(file, names.get(i), values[i].length)).isEqualTo(values[i]);
      long id = H5Dopen2(file, names.get(i), H5P_DEFAULT);
      long space = H5Dget_space(id);
      long[] sizes = new long[2];
      assertThat(H5Sget_simple_extent_dims(space, sizes, null)).isEqualTo(2);
      assertThat(sizes).containsExactly(i + 1, 2);
      long type = H5Dget_type(id);
      assertThat(H5Tequal(type, H5T_IEEE_F32LE_g())).isOne();
      H5Tclose(type);
      H5Sclose(space);
      H5Dclose(id);
    }
    assertThat(floats(file, "bias", 1)).containsExactly(7);
    H5Fclose(file);
  }

  @Test
  void attributes() throws IOException {
    Path path =
        write(
            out -> {
              out.attribute("whole", -7);
              out.attribute("text", "猫");
              out.attribute("empty", "");
            });
    long file = open(path);
    try (IntPointer whole = new IntPointer(1)) {
      long id = H5Aopen(file, new BytePointer("whole"), H5P_DEFAULT);
      assertThat(H5Aread(id, H5T_NATIVE_INT_g(), whole)).isZero();
      assertThat(whole.get()).isEqualTo(-7);
      H5Aclose(id);
    }
    H5Fclose(file);
    try (HdfFile hdf = new HdfFile(path)) {
      assertThat(hdf.getAttribute("text").getData()).isEqualTo("猫");
      assertThat(hdf.getAttribute("empty").getData()).isEqualTo("");
    }
  }

  /** As an attribute, as a dataset, and in more than one heap. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4000, 4001, 60_000, 130_001})
  void texts(int count) throws IOException {
    List<String> names = IntStream.range(0, count).mapToObj(i -> "name %d ä".formatted(i)).toList();
    Path path = write(out -> out.texts("names", names));
    long file = open(path);
    long type = H5Tcopy(H5T_C_S1_g());
    H5Tset_size(type, -1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    try (PointerPointer<BytePointer> found = new PointerPointer<>(count)) {
      if (count <= Hdf5Target.MOST_TEXTS_IN_ATTRIBUTE) {
        long id = H5Aopen(file, new BytePointer("names"), H5P_DEFAULT);
        assertThat(H5Aread(id, type, found)).isZero();
        H5Aclose(id);
      } else {
        long id = H5Dopen2(file, "names", H5P_DEFAULT);
        assertThat(H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, found)).isZero();
        H5Dclose(id);
      }
      for (int i = 0; i < count; i++) {
        assertThat(found.get(BytePointer.class, i).getString("UTF-8")).isEqualTo(names.get(i));
      }
    }
    H5Tclose(type);
    H5Fclose(file);
  }

  @Test
  void fileWithoutAnything() throws IOException {
    H5Fclose(open(write(out -> {})));
  }

  /** Without its superblock it is nobody's: an interrupted write is never taken for a file. */
  @Test
  void unfinishedFileIsNone() throws IOException {
    Path file = folder.resolve("a.h5");
    try (Hdf5Output out = new Hdf5Output(file)) {
      out.dataset("bias", new long[] {1}, bytes(7));
    }
    assertThatThrownBy(() -> TensorFiles.open(file)).isInstanceOf(UnsupportedFileException.class);
  }

  /** A flipped bit in what describes the elements is found by the library that checks. */
  @Test
  void checksumsAreTheLibrarys() throws IOException {
    Path path = write(out -> out.dataset("a", new long[] {1}, bytes(7)));
    byte[] bytes = Files.readAllBytes(path);
    H5Eset_auto2(H5E_DEFAULT, (org.bytedeco.hdf5.H5E_auto2_t) null, null);
    bytes[40] ^= 1; // in the superblock
    Files.write(path, bytes);
    assertThat(H5Fopen(path.toString(), H5F_ACC_RDONLY, H5P_DEFAULT)).isNegative();
  }
}
