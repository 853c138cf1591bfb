package dev.mixer4j.weights.format.hdf5;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.Metadata;
import dev.mixer4j.weights.format.Source;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the HDF5 files that Mixer4J writes. */
public final class Hdf5Reader implements TensorFile {

  /** The version of the layout that this reader reads and the writer writes. */
  public static final int FORMAT_VERSION = 1;

  /** What becomes of images; not there where it is not known. */
  public static final String TRANSFORM = "transform";

  /** The classes' names: an attribute, or a dataset where they are too many for one. */
  public static final String CLASS_NAMES = "class_names";

  private static final int MAX_DEPTH = 8;

  private final Hdf5File file;
  private final Metadata metadata;

  /** Reads an opened file, which closes with this. */
  public Hdf5Reader(Hdf5File file) throws IOException {
    this.file = file;
    this.metadata = readMetadata();
    collect(file.root(), "", 0);
  }

  private Metadata readMetadata() {
    int version = attribute("format_version", Integer.class);
    if (version != FORMAT_VERSION) {
      throw new UnsupportedFileException(
          "%s: format_version: expected %d, found %d; a newer Mixer4J may read it"
              .formatted(path(), FORMAT_VERSION, version));
    }
    return new Metadata(
        gelu(),
        attribute("layer_norm_epsilon", Float.class),
        rgb("mean"),
        rgb("std"),
        transform(),
        classNames(),
        new Source(
            attribute("source_format", String.class), attribute("source_sha256", String.class)));
  }

  private List<String> classNames() {
    String name = CLASS_NAMES;
    if (file.root().getAttribute(name) != null) {
      return List.of(attribute(name, String[].class));
    }
    if (!(file.root().getChildren().get(name) instanceof Dataset many)) {
      return List.of();
    }
    long[] sizes = many.getDimensionsAsLong();
    // Looked at before jHDF allocates as many.
    boolean plausible = sizes.length == 1 && sizes[0] <= file.root().size();
    if (plausible && many.getData() instanceof String[] names) {
      return List.of(names);
    }
    throw file.malformed(
        "dataset '" + name + "': expected texts, found " + Arrays.toString(sizes), null);
  }

  private <T> T attribute(String name, Class<T> type) {
    Attribute attribute = file.root().getAttribute(name);
    if (attribute == null) {
      throw new UnsupportedFileException(
          "%s: no attribute '%s'; expected an HDF5 file that import-weights, finetune-cifar or Keras"
                  .formatted(path(), name)
              + " wrote");
    }
    Object value = file.attribute(file.root(), name);
    if (!type.isInstance(value)) {
      throw file.malformed(
          "attribute '%s': expected %s, found %s of shape %s"
              .formatted(
                  name,
                  type.getSimpleName(),
                  attribute.getJavaType().getSimpleName(),
                  Arrays.toString(attribute.getDimensionsAsLong())),
          null);
    }
    return type.cast(value);
  }

  private Gelu gelu() {
    try {
      return Gelu.of(attribute("gelu", String.class));
    } catch (IllegalArgumentException e) {
      throw file.malformed("attribute 'gelu': " + e.getMessage(), e);
    }
  }

  private Optional<ImageTransform> transform() {
    String name = TRANSFORM;
    if (file.root().getAttribute(name) == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(ImageTransform.parse(attribute(name, String.class)));
    } catch (IllegalArgumentException e) {
      throw file.malformed("attribute '" + name + "': " + e.getMessage(), e);
    }
  }

  private Rgb rgb(String name) {
    float[] values = attribute(name, float[].class);
    if (values.length != 3) {
      throw file.malformed(
          "attribute '%s': expected 3, found %d".formatted(name, values.length), null);
    }
    return new Rgb(values[0], values[1], values[2]);
  }

  private void collect(Group group, String prefix, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw file.malformed("groups are nested deeper than " + MAX_DEPTH, null);
    }
    file.visit(group, prefix);
    for (Map.Entry<String, Node> child : group.getChildren().entrySet()) {
      String name = prefix + child.getKey();
      if (name.equals(CLASS_NAMES)) {
        continue;
      }
      if (child.getValue() instanceof Group inner) {
        collect(inner, name + "/", depth + 1);
      } else if (child.getValue() instanceof Dataset dataset) {
        file.add(name, dataset);
      } else {
        throw file.refuse(name);
      }
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Format format() {
    return Format.H5;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return file.infos();
  }

  @Override
  public Optional<Metadata> metadata() {
    return Optional.of(metadata);
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    file.read(name, destination);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
