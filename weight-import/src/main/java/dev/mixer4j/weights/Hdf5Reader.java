package dev.mixer4j.weights;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.Rgb;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.object.datatype.FloatingPoint;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the HDF5 files that {@link Hdf5Writer} writes. The directory is read by jHDF, which is pure
 * Java: a damaged file ends in an exception, where the native library could take the process along.
 */
final class Hdf5Reader implements TensorFile {

  private static final int MAX_DEPTH = 8;

  private final Path path;
  private final HdfFile hdf;
  private final FileChannel channel;
  private final Metadata metadata;
  private final Map<String, ContiguousDataset> datasets = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  /** Addresses of the groups that were visited: a damaged file may have one within itself. */
  private final Set<Long> groups = new HashSet<>();

  Hdf5Reader(Path path) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      hdf = HdfFile.fromByteBuffer(map());
      checkEnd();
      metadata = readMetadata();
      collect(hdf, "", 0);
    } catch (IOException | WeightsException e) {
      close();
      throw e;
    } catch (RuntimeException | StackOverflowError e) {
      // jHDF's own, and what damaged files bring about in it: nodes that point at themselves too.
      close();
      throw malformed(String.valueOf(e.getMessage()), e);
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
      throw malformed(
          "expected %d bytes, found %d: the file is cut off".formatted(end, channel.size()), null);
    }
  }

  private Metadata readMetadata() {
    int version = attribute("format_version", Integer.class);
    if (version != Hdf5Writer.FORMAT_VERSION) {
      throw new UnsupportedFileException(
          "%s: format_version: expected %d, found %d; a newer Mixer4J may read it"
              .formatted(path, Hdf5Writer.FORMAT_VERSION, version));
    }
    boolean named = hdf.getAttribute("class_names") != null;
    return new Metadata(
        gelu(),
        attribute("layer_norm_epsilon", Float.class),
        rgb("mean"),
        rgb("std"),
        named ? List.of(attribute("class_names", String[].class)) : List.of(),
        new Source(
            attribute("source_format", String.class), attribute("source_sha256", String.class)));
  }

  private <T> T attribute(String name, Class<T> type) {
    Attribute attribute = hdf.getAttribute(name);
    if (attribute == null) {
      throw new UnsupportedFileException(
          "%s: no attribute '%s'; expected an HDF5 file that import-weights or finetune-cifar wrote"
              .formatted(path, name));
    }
    long[] sizes = attribute.getDimensionsAsLong();
    // jHDF would allocate whatever the sizes claim.
    boolean small = sizes.length == 0 || sizes.length == 1 && sizes[0] <= hdf.size();
    Object value = small ? attribute.getData() : null;
    if (!type.isInstance(value)) {
      throw malformed(
          "attribute '%s': expected %s, found %s of shape %s"
              .formatted(
                  name,
                  type.getSimpleName(),
                  attribute.getJavaType().getSimpleName(),
                  Arrays.toString(sizes)),
          null);
    }
    return type.cast(value);
  }

  private Gelu gelu() {
    try {
      return Gelu.of(attribute("gelu", String.class));
    } catch (IllegalArgumentException e) {
      throw malformed("attribute 'gelu': " + e.getMessage(), e);
    }
  }

  private Rgb rgb(String name) {
    float[] values = attribute(name, float[].class);
    if (values.length != 3) {
      throw malformed("attribute '%s': expected 3, found %d".formatted(name, values.length), null);
    }
    return new Rgb(values[0], values[1], values[2]);
  }

  private void collect(Group group, String prefix, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw malformed("groups are nested deeper than " + MAX_DEPTH, null);
    }
    if (!groups.add(group.getAddress())) {
      throw malformed("group '" + prefix + "' is there twice", null);
    }
    for (Map.Entry<String, Node> child : group.getChildren().entrySet()) {
      String name = prefix + child.getKey();
      if (child.getValue() instanceof Group inner) {
        collect(inner, name + "/", depth + 1);
      } else if (child.getValue() instanceof Dataset dataset) {
        add(name, dataset);
      } else {
        throw new UnsupportedFileException(
            "%s: '%s' is neither a group nor a dataset; links are not followed"
                .formatted(path, name));
      }
    }
  }

  private void add(String name, Dataset dataset) throws IOException {
    boolean float32 =
        dataset.getDataType() instanceof FloatingPoint type && type.getSize() == Float.BYTES;
    if (!float32 || !(dataset instanceof ContiguousDataset contiguous)) {
      throw new UnsupportedFileException(
          path + ": dataset '" + name + "': expected float32 numbers in one piece");
    }
    TensorInfo info = TensorInfo.checked(path, name, DType.FLOAT32, dataset.getDimensionsAsLong());
    long offset = offset(contiguous);
    if (offset < 0 || offset > channel.size() - info.bytes()) {
      throw malformed(
          "dataset '%s': its %d bytes at %d reach beyond the file's end"
              .formatted(name, info.bytes(), offset),
          null);
    }
    datasets.put(name, contiguous);
    tensors.put(name, info);
  }

  private long offset(ContiguousDataset dataset) {
    return hdf.getUserBlockSize() + dataset.getDataAddress();
  }

  private MalformedFileException malformed(String problem, Throwable cause) {
    return new MalformedFileException(path + ": not a sound HDF5 file: " + problem, cause);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public Format format() {
    return Format.H5;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Optional<Metadata> metadata() {
    return Optional.of(metadata);
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    ContiguousDataset dataset = datasets.get(name);
    ByteOrder order = ((FloatingPoint) dataset.getDataType()).getByteOrder();
    int count = tensors.get(name).elements();
    try {
      ElementReader.read(channel, offset(dataset), DType.FLOAT32, order, count, destination);
    } catch (EOFException e) {
      throw malformed("dataset '" + name + "': " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (hdf != null) {
      hdf.close();
    }
  }
}
