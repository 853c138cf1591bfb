package dev.mixer4j.weights.format.hdf5;

import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.elements.ElementReader;
import io.jhdf.GroupSymbolTableNode;
import io.jhdf.HdfFile;
import io.jhdf.ObjectHeader;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.btree.BTreeV1;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FixedPoint;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OpaqueDataType;
import io.jhdf.object.message.LinkMessage;
import io.jhdf.object.message.SymbolTableMessage;
import io.jhdf.storage.HdfBackingStorage;
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

  private static final int MAX_OBJECTS = TensorFile.MAX_TENSORS;
  private static final String CORRUPT = "%s: a corrupt HDF5 file: %s";

  private record Run(TensorInfo info, long offset, ByteOrder order) {}

  private final Path path;
  private final FileChannel channel;
  private final HdfFile hdf;
  private final Hdf5Texts texts;
  private final Set<Long> visited = new HashSet<>();
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private final Map<String, Dataset> datasets = new LinkedHashMap<>();
  private int objects;
  private final Map<String, Run> runs = new LinkedHashMap<>();

  /** Opens {@code hdf5}, which may be a copy of a part of the user's file {@code path}. */
  private Hdf5File(Path path, Path hdf5) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(hdf5, StandardOpenOption.READ);
    try {
      hdf = HdfFile.fromByteBuffer(map());
      checkEnd();
      texts = new Hdf5Texts(hdf.getHdfBackingStorage(), this::malformed);
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
   * Lists the groups and datasets in a group, whose path is empty or ends with a slash. A damaged
   * file may have a group in itself, and a link could lead out of the file: both are refused.
   */
  public void list(Group group, String prefix, int maxDepth) {
    if (prefix.chars().filter(c -> c == '/').count() > maxDepth) {
      throw malformed("groups are nested deeper than %d", maxDepth);
    }
    if (!visited.add(group.getAddress())) {
      throw malformed("group '%s' is there twice", prefix);
    }
    groups.put(prefix, group);
    Map<String, Node> children = children(group);
    objects += children.size();
    for (Map.Entry<String, Node> child : children.entrySet()) {
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

  /** The objects in a group, which are counted first: jHDF makes each of them at once. */
  public Map<String, Node> children(Group group) {
    HdfBackingStorage storage = hdf.getHdfBackingStorage();
    ObjectHeader header = ObjectHeader.readObjectHeader(storage, group.getAddress());
    long count = objects + header.getMessagesOfType(LinkMessage.class).size();
    if (header.hasMessageOfType(SymbolTableMessage.class)) {
      long tree = header.getMessageOfType(SymbolTableMessage.class).getBTreeAddress();
      for (long node : BTreeV1.createGroupBTree(storage, tree).getChildAddresses()) {
        count += new GroupSymbolTableNode(storage, node).getNumberOfEntries();
        checkCount(count);
      }
    }
    checkCount(count);
    return group.getChildren();
  }

  private void checkCount(long count) {
    if (count > MAX_OBJECTS) {
      throw malformed("expected at most %d groups and datasets, found more", MAX_OBJECTS);
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

  /** What an attribute holds; null where there is none. */
  public Object attribute(Node node, String name) {
    Attribute attribute = node.getAttribute(name);
    if (attribute == null || attribute.isEmpty()) {
      return null;
    }
    // jHDF would allocate whatever the sizes claim.
    long[] sizes = attribute.getDimensionsAsLong();
    DataType type = attribute.getDataType();
    boolean known =
        Hdf5Texts.are(type) || type instanceof FixedPoint || type instanceof FloatingPoint;
    if (!known || !fits(sizes, type, attribute.getBuffer())) {
      throw malformed(
          "attribute '%s': its type and shape %s are not of its kind",
          name, Arrays.toString(sizes));
    }
    if (!Hdf5Texts.are(type)) {
      return attribute.getData();
    }
    String[] all = texts.read(type, attribute.getBuffer(), sizes.length == 0 ? 1 : (int) sizes[0]);
    return sizes.length == 0 ? all[0] : all;
  }

  /** The texts in a dataset of one dimension that is in one piece. */
  String[] texts(String name, Dataset dataset) {
    long[] sizes = dataset.getDimensionsAsLong();
    DataType type = dataset.getDataType();
    if (Hdf5Texts.are(type) && sizes.length == 1 && !(dataset instanceof ContiguousDataset)) {
      throw notInOnePiece(name, "texts");
    }
    if (Hdf5Texts.are(type) && sizes.length == 1 && dataset instanceof ContiguousDataset pieces) {
      ByteBuffer elements = pieces.getBuffer();
      if (fits(sizes, type, elements)) {
        return texts.read(type, elements, (int) sizes[0]);
      }
    }
    throw malformed("dataset '%s': expected texts, found %s", name, Arrays.toString(sizes));
  }

  /** Whether a buffer has the elements of a single value or a list. */
  private static boolean fits(long[] sizes, DataType type, ByteBuffer buffer) {
    long count = sizes.length == 0 ? 1 : sizes[0];
    return sizes.length <= 1
        && count >= 0
        && type.getSize() > 0
        && count <= buffer.capacity() / type.getSize();
  }

  private UnsupportedFileException notInOnePiece(String name, String content) {
    return new UnsupportedFileException(
        ("%s: dataset '%s': expected %s in one piece, not chunked or"
                + " compressed (h5repack -l CONTI IN OUT makes it so)")
            .formatted(path, name, content));
  }

  public TensorInfo add(String name, Dataset dataset) throws IOException {
    DType dtype = dtype(dataset);
    if (dtype == null || !(dataset instanceof ContiguousDataset contiguous)) {
      throw notInOnePiece(name, "floating-point numbers");
    }
    TensorInfo info = TensorInfo.checked(path, name, dtype, dataset.getDimensionsAsLong());
    long offset = hdf.getUserBlockSize() + contiguous.getDataAddress();
    if (offset < 0 || offset > channel.size() - info.bytes()) {
      throw malformed(
          "dataset '%s': its %d bytes at %d reach beyond the file's end",
          name, info.bytes(), offset);
    }
    ByteOrder order = ((FloatingPoint) dataset.getDataType()).getByteOrder();
    if (runs.put(name, new Run(info, offset, order)) != null) {
      throw malformed("two datasets are called '%s'", name);
    }
    return info;
  }

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
    TensorInfo info = run.info;
    try {
      ElementReader.read(
          channel, run.offset, info.dtype(), run.order, info.elements(), destination);
    } catch (EOFException e) {
      throw malformed("dataset '%s': %s", name, e.getMessage());
    }
  }

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
