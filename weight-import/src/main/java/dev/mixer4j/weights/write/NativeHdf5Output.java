package dev.mixer4j.weights.write;

import static org.bytedeco.hdf5.global.hdf5.*;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongToIntFunction;
import org.bytedeco.hdf5.H5E_auto2_t;
import org.bytedeco.hdf5.global.hdf5;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Writes an HDF5 file with the HDF Group's library, in the structures of HDF5 1.8. JavaCPP's own
 * memory is not used: it refuses any where the process is large and the Java heap small.
 *
 * <p>The library crashes the process at its end if a file could not be closed, as on a full disk.
 * So some space is reserved in a second file, and given back for closing.
 */
final class NativeHdf5Output implements Hdf5Target {

  private static final int ALIGNMENT = 64;
  private static final int ALL_COMPACT = 65535; // links in a group before it gets an index

  /** More than everything but the elements takes, with ImageNet-21k's class names. */
  private static final int RESERVED_MB = 8;

  private final Path reserve;
  private final Set<String> groups = new HashSet<>();
  private final long file;
  private final long text;
  private boolean open = true;

  /** An object of the library's, which closes it. */
  private record Id(long id, LongToIntFunction closing) implements AutoCloseable {
    @Override
    public void close() {
      closing.applyAsInt(id);
    }
  }

  NativeHdf5Output(Path path) throws IOException {
    reserve = path.resolveSibling(path.getFileName() + ".reserve");
    byte[] noise = new byte[1 << 20]; // which no file system compresses
    ThreadLocalRandom.current().nextBytes(noise);
    try (OutputStream out = Files.newOutputStream(reserve)) {
      for (int i = 0; i < RESERVED_MB; i++) {
        out.write(noise);
      }
    }
    synchronized (NativeHdf5.class) {
      checked(H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t) null, null), "set up"); // else it prints
      try (Id creation = properties(H5P_CLS_FILE_CREATE_ID_g());
          Id access = properties(H5P_CLS_FILE_ACCESS_ID_g())) {
        plain(creation);
        checked(H5Pset_libver_bounds(access.id, H5F_LIBVER_V18, H5F_LIBVER_V18), "set up");
        checked(H5Pset_alignment(access.id, 1, ALIGNMENT), "set up");
        BytePointer name = new BytePointer(direct(path.toString(), fileNames()));
        file = checked(H5Fcreate(name, H5F_ACC_TRUNC, creation.id, access.id), "create " + path);
      }
      text = checked(H5Tcopy(H5T_C_S1_g()), "set up");
      checked(H5Tset_size(text, H5T_VARIABLE()), "set up");
      checked(H5Tset_cset(text, H5T_CSET_UTF8), "set up");
    }
  }

  /** In which bytes the system has names of files; HDF5 wants UTF-8 on Windows. */
  private static Charset fileNames() {
    boolean windows = System.getProperty("os.name", "").startsWith("Windows");
    return windows
        ? StandardCharsets.UTF_8
        : Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
  }

  /** No times, so that the same weights make the same file, and no index of links. */
  private static void plain(Id creation) throws IOException {
    checked(H5Pset_obj_track_times(creation.id, false), "set up");
    checked(H5Pset_link_phase_change(creation.id, ALL_COMPACT, ALL_COMPACT), "set up");
  }

  private static Id properties(long kind) throws IOException {
    return new Id(checked(H5Pcreate(kind), "set up"), hdf5::H5Pclose);
  }

  private static ByteBuffer direct(String text, Charset charset) {
    byte[] bytes = text.getBytes(charset);
    return ByteBuffer.allocateDirect(bytes.length + 1).put(bytes).put((byte) 0).flip();
  }

  private static long checked(long result, String what) throws IOException {
    if (result < 0) {
      throw new IOException("HDF5 cannot " + what + ": is the disk full, or read-only?");
    }
    return result;
  }

  @Override
  public void dataset(String name, long[] shape, ByteBuffer elements) throws IOException {
    dataset(name, shape, H5T_IEEE_F32LE_g(), new Pointer(elements));
    Reference.reachabilityFence(elements);
  }

  private void dataset(String name, long[] shape, long type, Pointer elements) throws IOException {
    synchronized (NativeHdf5.class) {
      for (int end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1)) {
        addGroup(name.substring(0, end));
      }
      String what = "write dataset " + name;
      try (Id space = space(shape);
          Id creation = properties(H5P_CLS_DATASET_CREATE_ID_g())) {
        checked(H5Pset_obj_track_times(creation.id, false), what);
        long id = H5Dcreate2(file, name, type, space.id, H5P_DEFAULT, creation.id, H5P_DEFAULT);
        try (Id dataset = new Id(checked(id, what), hdf5::H5Dclose)) {
          checked(H5Dwrite(dataset.id, type, H5S_ALL(), H5S_ALL(), H5P_DEFAULT, elements), what);
        }
      }
    }
  }

  /** Of no sizes: a single value. */
  private static Id space(long... sizes) throws IOException {
    long id =
        sizes.length == 0
            ? H5Screate(H5S_SCALAR)
            : H5Screate_simple(sizes.length, sizes, (long[]) null);
    return new Id(checked(id, "set up"), hdf5::H5Sclose);
  }

  private void addGroup(String name) throws IOException {
    if (groups.add(name)) {
      try (Id creation = properties(H5P_CLS_GROUP_CREATE_ID_g())) {
        plain(creation);
        long group = H5Gcreate2(file, name, H5P_DEFAULT, creation.id, H5P_DEFAULT);
        H5Gclose(checked(group, "make group " + name));
      }
    }
  }

  @Override
  public void attribute(String name, int value) throws IOException {
    ByteBuffer number = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);
    attribute(name, H5T_STD_I32LE_g(), new Pointer(number.putInt(0, value)));
    Reference.reachabilityFence(number);
  }

  @Override
  public void attribute(String name, String value) throws IOException {
    Texts texts = Texts.of(List.of(value));
    attribute(name, text, new Pointer(texts.addresses));
    Reference.reachabilityFence(texts);
  }

  @Override
  public void texts(String name, List<String> values) throws IOException {
    Texts texts = Texts.of(values);
    Pointer addresses = new Pointer(texts.addresses);
    if (values.size() <= MOST_TEXTS_IN_ATTRIBUTE) {
      attribute(name, text, addresses, values.size());
    } else {
      dataset(name, new long[] {values.size()}, text, addresses);
    }
    Reference.reachabilityFence(texts);
  }

  private void attribute(String name, long type, Pointer value, long... shape) throws IOException {
    String what = "write attribute " + name;
    synchronized (NativeHdf5.class) {
      try (Id space = space(shape)) {
        long id = H5Acreate2(file, name, type, space.id, H5P_DEFAULT, H5P_DEFAULT);
        try (Id attribute = new Id(checked(id, what), hdf5::H5Aclose)) {
          checked(H5Awrite(attribute.id, type, value), what);
        }
      }
    }
  }

  /** Texts in native memory, each ending with 0, and their addresses. */
  private record Texts(ByteBuffer bytes, ByteBuffer addresses) {
    static Texts of(List<String> values) {
      ByteBuffer bytes = direct(String.join("\0", values), StandardCharsets.UTF_8);
      long at = new Pointer(bytes).address();
      ByteBuffer addresses =
          ByteBuffer.allocateDirect(Long.BYTES * values.size()).order(ByteOrder.nativeOrder());
      for (String value : values) {
        addresses.putLong(at);
        at += value.getBytes(StandardCharsets.UTF_8).length + 1;
      }
      return new Texts(bytes, addresses.flip());
    }
  }

  @Override
  public void finish() throws IOException {
    synchronized (NativeHdf5.class) {
      checked(H5Fflush(file, H5F_SCOPE_LOCAL), "complete the file");
    }
    close();
  }

  @Override
  public void close() throws IOException {
    synchronized (NativeHdf5.class) {
      if (open) {
        open = false;
        Files.deleteIfExists(reserve);
        H5Tclose(text);
        checked(H5Fclose(file), "close the file");
      }
    }
  }
}
