package dev.mixer4j.weights;

import static org.bytedeco.hdf5.global.hdf5.*;

import java.nio.file.Path;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/** Changes an HDF5 file through the native library, to make files that are not Mixer4J's own. */
public final class Hdf5Edit implements AutoCloseable {

  private final long file;

  public Hdf5Edit(Path path) {
    checked(H5open());
    file = checked(H5Fopen(path.toString(), H5F_ACC_RDWR, H5P_DEFAULT));
  }

  private static long checked(long id) {
    if (id < 0) {
      throw new IllegalStateException("HDF5 refused");
    }
    return id;
  }

  public Hdf5Edit deleteAttribute(String name) {
    checked(H5Adelete(file, name));
    return this;
  }

  public Hdf5Edit attribute(String name, int value) {
    try (IntPointer data = new IntPointer(1).put(value)) {
      long space = H5Screate(H5S_SCALAR);
      long id = create(name, H5T_STD_I32LE_g(), space);
      checked(H5Awrite(id, H5T_NATIVE_INT_g(), data));
      H5Aclose(id);
      H5Sclose(space);
    }
    return this;
  }

  /** A vector, whatever its length. */
  public Hdf5Edit attribute(String name, float... values) {
    try (FloatPointer data = new FloatPointer(values)) {
      long space = H5Screate_simple(1, new long[] {values.length}, (long[]) null);
      long id = create(name, H5T_IEEE_F32LE_g(), space);
      checked(H5Awrite(id, H5T_NATIVE_FLOAT_g(), data));
      H5Aclose(id);
      H5Sclose(space);
    }
    return this;
  }

  /** A text of fixed length, which h5py and others write too. */
  public Hdf5Edit attribute(String name, String value) {
    try (BytePointer data = new BytePointer(value)) {
      long space = H5Screate(H5S_SCALAR);
      long type = H5Tcopy(H5T_C_S1_g());
      checked(H5Tset_size(type, value.length() + 1));
      long id = create(name, type, space);
      checked(H5Awrite(id, type, data));
      H5Aclose(id);
      H5Tclose(type);
      H5Sclose(space);
    }
    return this;
  }

  private long create(String name, long type, long space) {
    if (H5Aexists(file, name) > 0) {
      deleteAttribute(name);
    }
    return checked(H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  }

  public Hdf5Edit softLink(String target, String name) {
    checked(H5Lcreate_soft(target, file, name, H5P_DEFAULT, H5P_DEFAULT));
    return this;
  }

  public Hdf5Edit externalLink(String otherFile, String target, String name) {
    checked(H5Lcreate_external(otherFile, target, file, name, H5P_DEFAULT, H5P_DEFAULT));
    return this;
  }

  public Hdf5Edit hardLink(String target, String name) {
    checked(H5Lcreate_hard(file, target, file, name, H5P_DEFAULT, H5P_DEFAULT));
    return this;
  }

  public Hdf5Edit group(String name) {
    H5Gclose(checked(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    return this;
  }

  public Hdf5Edit delete(String name) {
    checked(H5Ldelete(file, name, H5P_DEFAULT));
    return this;
  }

  /**
   * A vector of numbers that are stored as another type, or in chunks.
   *
   * @param type such as {@code H5T_IEEE_F32BE_g()}
   */
  public Hdf5Edit dataset(String name, long type, boolean chunked, float... values) {
    long space = H5Screate_simple(1, new long[] {values.length}, (long[]) null);
    long properties = H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g());
    if (chunked) {
      checked(H5Pset_chunk(properties, 1, new long[] {values.length}));
    }
    try (FloatPointer data = new FloatPointer(values)) {
      long id = checked(H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
      checked(H5Dwrite(id, H5T_NATIVE_FLOAT_g(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
      H5Dclose(id);
    }
    H5Pclose(properties);
    H5Sclose(space);
    return this;
  }

  /** Equal texts of a fixed length, compressed in chunks of one. */
  public Hdf5Edit compressed(String name, int count, int length) {
    long type = H5Tcopy(H5T_C_S1_g());
    checked(H5Tset_size(type, length));
    long space = H5Screate_simple(1, new long[] {count}, (long[]) null);
    long properties = H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g());
    checked(H5Pset_chunk(properties, 1, new long[] {1}));
    checked(H5Pset_deflate(properties, 9));
    long id = checked(H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
    H5Dclose(id); // its values are empty texts
    H5Pclose(properties);
    H5Sclose(space);
    H5Tclose(type);
    return this;
  }

  @Override
  public void close() {
    checked(H5Fclose(file));
  }
}
