package dev.mixer4j.weights.write;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * A new HDF5 file: float32 datasets of one piece each, in groups, and attributes of the root group.
 */
interface Hdf5Target extends Closeable {

  /** An attribute holds 64 KiB at most, and each text takes 16 bytes of it. */
  int MOST_TEXTS_IN_ATTRIBUTE = 4000;

  /**
   * Starts a file, replacing any that is there: with the HDF Group's library where that has a build
   * for this machine, otherwise with {@link Hdf5Output}.
   */
  static Hdf5Target create(Path path) throws IOException {
    return NativeHdf5.isAvailable() ? new NativeHdf5Output(path) : new Hdf5Output(path);
  }

  /**
   * Writes a dataset.
   *
   * @param name with {@code /} between the groups, which are made
   * @param elements float32, little-endian, row-major, in native memory
   */
  void dataset(String name, long[] shape, ByteBuffer elements) throws IOException;

  void attribute(String name, int value) throws IOException;

  void attribute(String name, String value) throws IOException;

  /** Writes texts as an attribute of the root group, or as a dataset if they are too many. */
  void texts(String name, List<String> values) throws IOException;

  /** Completes the file; without this it is not one. */
  void finish() throws IOException;
}
