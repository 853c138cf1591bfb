package dev.mixer4j.weights;

import static org.bytedeco.hdf5.global.hdf5.*;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.bytedeco.hdf5.H5E_auto2_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.ndarray.Shape;

/**
 * Writes weights as HDF5: one contiguous float32 dataset for each variable, under its canonical
 * name, and what else the network needs as attributes of the root group. This module's README lists
 * them.
 */
final class Hdf5Writer implements WeightsWriter {

  static final int FORMAT_VERSION = 1;

  /** The classes' names: an attribute, or a dataset where they are too many for one. */
  static final String CLASS_NAMES = "class_names";

  /** HDF5 1.6's attributes end at 64 KiB; a text takes 16 bytes there, itself lying elsewhere. */
  private static final int MOST_TEXTS_IN_ATTRIBUTE = 4000;

  private static final long VARIABLE_LENGTH = -1; // H5T_VARIABLE is size_t's largest value

  @Override
  public void write(Path path, MixerWeights weights, Supplier<Source> source, LongConsumer progress)
      throws IOException {
    checked(H5open(), "the HDF5 library");
    H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t) null, null); // errors come from here, not on stderr
    try (BytePointer name = text(path.toString());
        Id file =
            new Id(
                H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                id -> H5Fclose(id),
                path.toString());
        Id groups = new Id(H5Pcreate(H5P_CLS_LINK_CREATE_ID_g()), id -> H5Pclose(id), "links")) {
      checked(H5Pset_create_intermediate_group(groups.value, 1), "groups");
      Tensors.forEach(
          weights,
          "flax",
          progress,
          (dataset, shape, bytes) -> writeDataset(file, groups, dataset, shape, bytes));
      writeAttributes(file, weights, source.get());
    }
  }

  private static void writeAttributes(Id file, MixerWeights weights, Source source)
      throws IOException {
    MixerConfig config = weights.config();
    writeInt(file, "format_version", FORMAT_VERSION);
    writeInt(file, "image_size", config.imageSize());
    writeInt(file, "patch_size", config.patchSize());
    writeText(file, "gelu", config.gelu().toString());
    writeFloats(file, "layer_norm_epsilon", config.layerNormEpsilon());
    writeFloats(file, "mean", config.mean().toArray());
    writeFloats(file, "std", config.std().toArray());
    writeText(file, "source_format", source.format());
    writeText(file, "source_sha256", source.sha256());
    if (!weights.classNames().isEmpty()) {
      writeTexts(file, CLASS_NAMES, weights.classNames());
    }
  }

  private static void writeInt(Id file, String name, int value) throws IOException {
    try (Id space = scalar();
        IntPointer data = new IntPointer(1).put(value)) {
      writeAttribute(file, name, H5T_STD_I32LE_g(), H5T_NATIVE_INT_g(), space, data);
    }
  }

  /** One number as a scalar, several as a vector. */
  private static void writeFloats(Id file, String name, float... values) throws IOException {
    try (Id space = values.length == 1 ? scalar() : simple(values.length);
        FloatPointer data = new FloatPointer(values)) {
      writeAttribute(file, name, H5T_IEEE_F32LE_g(), H5T_NATIVE_FLOAT_g(), space, data);
    }
  }

  private static void writeText(Id file, String name, String value) throws IOException {
    try (Id space = scalar()) {
      writeStrings(file, name, space, List.of(value));
    }
  }

  private static void writeTexts(Id file, String name, List<String> values) throws IOException {
    try (Id space = simple(values.size())) {
      writeStrings(file, name, space, values);
    }
  }

  private static void writeStrings(Id file, String name, Id space, List<String> values)
      throws IOException {
    BytePointer[] texts = values.stream().map(Hdf5Writer::text).toArray(BytePointer[]::new);
    try (Id type = new Id(H5Tcopy(H5T_C_S1_g()), id -> H5Tclose(id), "text");
        PointerPointer<BytePointer> data = new PointerPointer<>(texts)) {
      checked(H5Tset_size(type.value, VARIABLE_LENGTH), name);
      checked(H5Tset_cset(type.value, H5T_CSET_UTF8), name);
      if (values.size() <= MOST_TEXTS_IN_ATTRIBUTE) {
        writeAttribute(file, name, type.value, type.value, space, data);
      } else {
        writeTextDataset(file, name, type, space, data);
      }
    } finally {
      for (BytePointer text : texts) {
        text.close();
      }
    }
  }

  private static void writeAttribute(
      Id file, String name, long fileType, long memoryType, Id space, Pointer data)
      throws IOException {
    try (Id attribute =
        new Id(
            H5Acreate2(file.value, name, fileType, space.value, H5P_DEFAULT, H5P_DEFAULT),
            id -> H5Aclose(id),
            name)) {
      checked(H5Awrite(attribute.value, memoryType, data), name);
    }
  }

  private static void writeTextDataset(Id file, String name, Id type, Id space, Pointer data)
      throws IOException {
    try (Id dataset =
        new Id(
            H5Dcreate2(
                file.value, name, type.value, space.value, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
            id -> H5Dclose(id),
            name)) {
      checked(H5Dwrite(dataset.value, type.value, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
    }
  }

  private static void writeDataset(Id file, Id groups, String name, Shape shape, ByteBuffer bytes)
      throws IOException {
    try (Id space = simple(shape.asArray());
        Id dataset =
            new Id(
                H5Dcreate2(
                    file.value,
                    name,
                    H5T_IEEE_F32LE_g(),
                    space.value,
                    groups.value,
                    H5P_DEFAULT,
                    H5P_DEFAULT),
                id -> H5Dclose(id),
                name);
        FloatPointer data = new FloatPointer(bytes.asFloatBuffer())) {
      checked(
          H5Dwrite(dataset.value, H5T_NATIVE_FLOAT_g(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
    }
  }

  private static Id scalar() throws IOException {
    return new Id(H5Screate(H5S_SCALAR), id -> H5Sclose(id), "scalar");
  }

  private static Id simple(long... sizes) throws IOException {
    return new Id(
        H5Screate_simple(sizes.length, sizes, (long[]) null), id -> H5Sclose(id), "shape");
  }

  private static BytePointer text(String value) {
    return new BytePointer(value, StandardCharsets.UTF_8);
  }

  private static void checked(long status, String what) throws IOException {
    if (status < 0) {
      throw new IOException(
          "HDF5 could not write " + what + ": is the disk full, or the folder read-only?");
    }
  }

  /** An HDF5 identifier, closed with a check: a full disk may show only then. */
  private static final class Id implements AutoCloseable {
    private final long value;
    private final LongUnaryOperator closer;
    private final String what;

    Id(long value, LongUnaryOperator closer, String what) throws IOException {
      checked(value, what);
      this.value = value;
      this.closer = closer;
      this.what = what;
    }

    @Override
    public void close() throws IOException {
      checked(closer.applyAsLong(value), what);
    }
  }
}
