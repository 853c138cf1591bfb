package dev.mixer4j.weights.write;

import static org.bytedeco.hdf5.global.hdf5.*;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.hdf5.H5E_auto2_t;
import org.bytedeco.hdf5.global.hdf5;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Writes an HDF5 file with the HDF Group's library, in the structures of HDF5 1.8. JavaCPP's own
 * memory is not used: it refuses any where the process is large and the Java heap small.
 */
final class NativeHdf5Output implements Hdf5Target {

  private static final int ALIGNMENT = 64;
  private static final int ALL_COMPACT = 65535; // links in a group before it gets an index

  private final Set<String> groups = new HashSet<>();
  private final long file;
  private final long text;
  private boolean open = true;

  /** What is done with an object while it is open. */
  private interface Use {
    void with(long id) throws IOException;
  }

  /** What closes an object. */
  private interface Closing {
    int close(long id);
  }

  NativeHdf5Output(Path path) throws IOException {
    synchronized (NativeHdf5.class) {
      checked(H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t) null, null), "set up"); // else it prints
      long creation = checked(H5Pcreate(H5P_CLS_FILE_CREATE_ID_g()), "set up");
      long access = checked(H5Pcreate(H5P_CLS_FILE_ACCESS_ID_g()), "set up");
      try {
        plain(creation);
        checked(H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18), "set up");
        checked(H5Pset_alignment(access, 1, ALIGNMENT), "set up");
        BytePointer name = new BytePointer(direct(path.toString(), fileNames()));
        file = checked(H5Fcreate(name, H5F_ACC_TRUNC, creation, access), "create " + path);
      } finally {
        H5Pclose(creation);
        H5Pclose(access);
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
  private static void plain(long creation) throws IOException {
    checked(H5Pset_obj_track_times(creation, false), "set up");
    checked(H5Pset_link_phase_change(creation, ALL_COMPACT, ALL_COMPACT), "set up");
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

  private static void use(long id, String what, Closing closing, Use use) throws IOException {
    checked(id, what);
    try {
      use.with(id);
    } finally {
      closing.close(id);
    }
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
      use(
          H5Screate_simple(shape.length, shape, (long[]) null),
          what,
          hdf5::H5Sclose,
          space ->
              use(
                  H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g()),
                  what,
                  hdf5::H5Pclose,
                  creation -> {
                    checked(H5Pset_obj_track_times(creation, false), what);
                    use(
                        H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
                        what,
                        hdf5::H5Dclose,
                        dataset ->
                            checked(
                                H5Dwrite(
                                    dataset, type, H5S_ALL(), H5S_ALL(), H5P_DEFAULT, elements),
                                what));
                  }));
    }
  }

  private void addGroup(String name) throws IOException {
    if (groups.add(name)) {
      use(
          H5Pcreate(H5P_CLS_GROUP_CREATE_ID_g()),
          "set up",
          hdf5::H5Pclose,
          creation -> {
            plain(creation);
            long group = H5Gcreate2(file, name, H5P_DEFAULT, creation, H5P_DEFAULT);
            H5Gclose(checked(group, "make group " + name));
          });
    }
  }

  @Override
  public void attribute(String name, int value) throws IOException {
    ByteBuffer number = ByteBuffer.allocateDirect(4).order(ByteOrder.LITTLE_ENDIAN);
    attribute(name, H5Screate(H5S_SCALAR), H5T_STD_I32LE_g(), new Pointer(number.putInt(0, value)));
    Reference.reachabilityFence(number);
  }

  @Override
  public void attribute(String name, String value) throws IOException {
    Texts texts = Texts.of(List.of(value));
    attribute(name, H5Screate(H5S_SCALAR), text, new Pointer(texts.addresses));
    Reference.reachabilityFence(texts);
  }

  @Override
  public void texts(String name, List<String> values) throws IOException {
    Texts texts = Texts.of(values);
    Pointer addresses = new Pointer(texts.addresses);
    long[] shape = {values.size()};
    if (values.size() <= MOST_TEXTS_IN_ATTRIBUTE) {
      attribute(name, H5Screate_simple(1, shape, (long[]) null), text, addresses);
    } else {
      dataset(name, shape, text, addresses);
    }
    Reference.reachabilityFence(texts);
  }

  private void attribute(String name, long itsSpace, long type, Pointer value) throws IOException {
    String what = "write attribute " + name;
    synchronized (NativeHdf5.class) {
      use(
          itsSpace,
          what,
          hdf5::H5Sclose,
          space ->
              use(
                  H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT),
                  what,
                  hdf5::H5Aclose,
                  attribute -> checked(H5Awrite(attribute, type, value), what)));
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
      open = false;
      H5Tclose(text);
      checked(H5Fclose(file), "complete the file");
    }
  }

  @Override
  public void close() {
    synchronized (NativeHdf5.class) {
      if (open) { // after a failure: the file is thrown away
        open = false;
        H5Tclose(text);
        H5Fclose(file);
      }
    }
  }
}
