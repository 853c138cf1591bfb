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
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  Hdf5Reader(Path path) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      hdf = new HdfFile(path);
      metadata = readMetadata();
      collect(hdf, "", 0);
    } catch (IOException | WeightsException e) {
      close();
      throw e;
    } catch (RuntimeException e) { // jHDF's own, and what damaged files bring about in it
      close();
      throw malformed(String.valueOf(e.getMessage()), e);
    }
  }

  private Metadata readMetadata() {
    int version = (Integer) attribute("format_version");
    if (version != Hdf5Writer.FORMAT_VERSION) {
      throw new UnsupportedFileException(
          "%s: format_version: expected %d, found %d; a newer Mixer4J may read it"
              .formatted(path, Hdf5Writer.FORMAT_VERSION, version));
    }
    try {
      return new Metadata(
          Gelu.of((String) attribute("gelu")),
          (Float) attribute("layer_norm_epsilon"),
          rgb((float[]) attribute("mean")),
          rgb((float[]) attribute("std")),
          classNames(),
          new Source((String) attribute("source_format"), (String) attribute("source_sha256")));
    } catch (IllegalArgumentException | ClassCastException e) {
      throw malformed("an attribute is not what it should be: " + e.getMessage(), e);
    }
  }

  private List<String> classNames() {
    Attribute few = hdf.getAttribute(Hdf5Writer.CLASS_NAMES);
    if (few != null) {
      return List.of((String[]) few.getData());
    }
    return hdf.getChild(Hdf5Writer.CLASS_NAMES) instanceof Dataset many
        ? List.of((String[]) many.getData())
        : List.of();
  }

  private Object attribute(String name) {
    Attribute attribute = hdf.getAttribute(name);
    if (attribute == null) {
      throw new UnsupportedFileException(
          "%s: no attribute '%s'; expected an HDF5 file that import-weights or finetune-cifar wrote"
              .formatted(path, name));
    }
    return attribute.getData();
  }

  private static Rgb rgb(float[] values) {
    if (values.length != 3) {
      throw new IllegalArgumentException("expected 3 channels, found " + values.length);
    }
    return new Rgb(values[0], values[1], values[2]);
  }

  private void collect(Group group, String prefix, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw malformed("groups are nested deeper than " + MAX_DEPTH, null);
    }
    for (Map.Entry<String, Node> child : group.getChildren().entrySet()) {
      String name = prefix + child.getKey();
      if (name.equals(Hdf5Writer.CLASS_NAMES)) {
        continue;
      }
      if (child.getValue() instanceof Group inner) {
        collect(inner, name + "/", depth + 1);
      } else if (child.getValue() instanceof Dataset dataset) {
        add(name, dataset);
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
    ElementReader.read(channel, offset(dataset), DType.FLOAT32, order, count, destination);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (hdf != null) {
      hdf.close();
    }
  }
}
