package dev.mixer4j.weights.format.hdf5;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.elements.ElementReader;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OpaqueDataType;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * An open HDF5 file and those of its datasets that are tensors. The directory is read by jHDF,
 * which is pure Java: a damaged file ends in an exception, where the native library could take the
 * process along. The elements are read here, at the addresses that jHDF finds.
 */
public final class Hdf5File implements Closeable {

  private static final int MAX_OBJECTS = 100_000;
  private static final String CORRUPT = "%s: a corrupt HDF5 file: %s";

  private record Run(long offset, ByteOrder order) {}

  private final Path path;
  private final FileChannel channel;
  private final HdfFile hdf;
  private final Set<Long> visited = new HashSet<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private final Map<String, Dataset> datasets = new LinkedHashMap<>();
  private int objects;
  private final Map<String, Run> runs = new LinkedHashMap<>();
  private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

  /**
   * Opens a file.
   *
   * @param path the file that the user knows, for messages
   * @param hdf5 the HDF5 file, which may be a copy of a part of that
   */
  private Hdf5File(Path path, Path hdf5) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(hdf5, StandardOpenOption.READ);
    try {
      hdf = HdfFile.fromByteBuffer(map());
      checkEnd();
    } catch (IOException | WeightsException e) {
      channel.close();
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      channel.close();
      throw broken(e);
    }
  }

  /**
   * The whole file as virtual memory. jHDF takes slices of it, which are checked against its end;
   * from a file it would allocate as much as a damaged length claims.
   */
  private ByteBuffer map() throws IOException {
    if (channel.size() > Integer.MAX_VALUE) {
      throw new UnsupportedFileException(
          "%s: expected at most %d bytes of HDF5, found %d"
              .formatted(path, Integer.MAX_VALUE, channel.size()));
    }
    return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
  }

  private void checkEnd() throws IOException {
    long end = hdf.getHdfBackingStorage().getSuperblock().getEndOfFileAddress();
    if (channel.size() < end) {
      throw malformed("expected %d bytes, found %d: the file is cut off", end, channel.size());
    }
  }

  public interface Directory {
    TensorFile read(Hdf5File file) throws IOException;
  }

  /** Opens a file and reads its directory; closes the file again if that fails. */
  public static TensorFile open(Path path, Path hdf5, Directory directory) throws IOException {
    Hdf5File file = new Hdf5File(path, hdf5);
    try {
      return directory.read(file);
    } catch (IOException | WeightsException e) {
      file.close();
      throw e;
    } catch (RuntimeException | StackOverflowError e) { // jHDF's, on damaged files
      file.close();
      throw file.broken(e);
    }
  }

  /**
   * Lists the groups and datasets in a group.
   *
   * @param prefix of their paths: empty, or ending with a slash
   * @throws MalformedFileException if a group is there twice, as a damaged file may have one in
   *     itself, or there are too many, or too deep ones
   * @throws UnsupportedFileException if there is something else: a link could lead out of the file
   */
  public void list(Group group, String prefix, int maxDepth) {
    if (prefix.chars().filter(c -> c == '/').count() > maxDepth || objects > MAX_OBJECTS) {
      throw malformed(
          "groups are nested deeper than %d or hold more than %d objects", maxDepth, MAX_OBJECTS);
    }
    if (!visited.add(group.getAddress())) {
      throw malformed("group '%s' is there twice", prefix);
    }
    groups.put(prefix, group);
    for (Map.Entry<String, Node> child : group.getChildren().entrySet()) {
      objects++;
      String name = prefix + child.getKey();
      if (child.getValue() instanceof Group inner) {
        list(inner, name + "/", maxDepth);
      } else if (child.getValue() instanceof Dataset dataset) {
        datasets.put(name, dataset);
      } else {
        throw new UnsupportedFileException(
            "%s: '%s' is neither a group nor a dataset; links are not followed"
                .formatted(path, name));
      }
    }
  }

  /** The listed groups by path, which ends with a slash except for the first one's. */
  public Map<String, Group> groups() {
    return groups;
  }

  public Map<String, Dataset> datasets() {
    return datasets;
  }

  public Path path() {
    return path;
  }

  public HdfFile root() {
    return hdf;
  }

  public Map<String, TensorInfo> infos() {
    return Collections.unmodifiableMap(infos);
  }

  /** What an attribute holds; null where there is none. */
  public Object attribute(Node node, String name) {
    Attribute attribute = node.getAttribute(name);
    if (attribute == null || attribute.isEmpty()) {
      return null;
    }
    // jHDF would allocate whatever the sizes claim.
    long[] sizes = attribute.getDimensionsAsLong();
    boolean small = sizes.length == 0 || sizes.length == 1 && sizes[0] <= hdf.size();
    if (!small || attribute.getSizeInBytes() > attribute.getBuffer().capacity()) {
      throw malformed(
          "attribute '%s': its shape %s is not one of its kind", name, Arrays.toString(sizes));
    }
    return attribute.getData();
  }

  public void add(String name, Dataset dataset) throws IOException {
    DType dtype = dtype(dataset);
    if (dtype == null || !(dataset instanceof ContiguousDataset contiguous)) {
      throw new UnsupportedFileException(
          path
              + ": dataset '"
              + name
              + "': expected floating-point numbers in one piece, not chunked or compressed"
              + " (h5repack -l CONTI IN OUT makes it so)");
    }
    TensorInfo info = TensorInfo.checked(path, name, dtype, dataset.getDimensionsAsLong());
    long offset = hdf.getUserBlockSize() + contiguous.getDataAddress();
    if (offset < 0 || offset > channel.size() - info.bytes()) {
      throw malformed(
          "dataset '%s': its %d bytes at %d reach beyond the file's end",
          name, info.bytes(), offset);
    }
    ByteOrder order = ((FloatingPoint) dataset.getDataType()).getByteOrder();
    if (infos.put(name, info) != null) {
      throw malformed("two datasets are called '%s'", name);
    }
    runs.put(name, new Run(offset, order));
  }

  /** A dataset's dtype; null where it is not one that is read. */
  private static DType dtype(Dataset dataset) {
    if (!(dataset.getDataType() instanceof FloatingPoint type)) {
      return null;
    }
    return switch (type.getSize()) {
      case 2 -> type.getExponentSize() == 5 ? DType.FLOAT16 : null;
      case 4 -> DType.FLOAT32;
      case 8 -> DType.FLOAT64;
      default -> null;
    };
  }

  public void read(String name, FloatBuffer destination) throws IOException {
    Run run = runs.get(name);
    TensorInfo info = infos.get(name);
    try {
      ElementReader.read(
          channel, run.offset, info.dtype(), run.order, info.elements(), destination);
    } catch (EOFException e) {
      String problem = "dataset '%s': %s".formatted(name, e.getMessage());
      throw new MalformedFileException(CORRUPT.formatted(path, problem), e);
    }
  }

  /** What jHDF throws for damaged files, as an error of ours. */
  private WeightsException broken(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    for (StackTraceElement frame : cause.getStackTrace()) {
      // HDF5 has no bfloat16, so Keras writes opaque bytes with an empty tag, where jHDF gives up.
      if (frame.getClassName().equals(OpaqueDataType.class.getName())) {
        return new UnsupportedFileException(
            path
                + ": it holds opaque elements, as Keras writes bfloat16, which are not read from"
                + " HDF5; save the model as float32 or float16 in Keras",
            thrown);
      }
    }
    String problem = thrown.getMessage() + (cause == thrown ? "" : ": " + cause.getMessage());
    return new MalformedFileException(CORRUPT.formatted(path, problem), thrown);
  }

  public MalformedFileException malformed(String problem, Object... values) {
    return new MalformedFileException(CORRUPT.formatted(path, problem.formatted(values)));
  }

  @Override
  public void close() throws IOException {
    channel.close();
    hdf.close();
  }
}
