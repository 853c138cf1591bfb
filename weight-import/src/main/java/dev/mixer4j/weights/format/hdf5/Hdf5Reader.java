package dev.mixer4j.weights.format.hdf5;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.UnsupportedFileException;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the HDF5 files that Mixer4J writes. */
public final class Hdf5Reader extends TensorFile {

  /** The version of the layout that this reader reads and the writer writes. */
  public static final int FORMAT_VERSION = 2;

  /** The classes' names: an attribute, or a dataset where they are too many for one. */
  public static final String CLASS_NAMES = "class_names";

  private static final int MAX_DEPTH = 8;

  private final Hdf5File file;
  private final Map<String, String> notes;

  /** Reads an opened file, which closes with this. */
  public Hdf5Reader(Hdf5File file) throws IOException {
    super(file.path(), Format.H5);
    this.file = file;
    this.notes = readNotes();
    file.list(file.root(), "", MAX_DEPTH);
    file.datasets().remove(CLASS_NAMES);
    for (Map.Entry<String, Dataset> dataset : file.datasets().entrySet()) {
      tensors.put(dataset.getKey(), file.add(dataset.getKey(), dataset.getValue()));
    }
  }

  private Map<String, String> readNotes() {
    int version = attribute("format_version", Integer.class);
    if (version != FORMAT_VERSION) {
      throw new UnsupportedFileException(
          "%s: format_version: expected %d, found %d; %s"
              .formatted(
                  path,
                  FORMAT_VERSION,
                  version,
                  version < FORMAT_VERSION
                      ? "convert the weights again from their source"
                      : "a newer Mixer4J may read it"));
    }
    Map<String, String> found = new LinkedHashMap<>();
    found.put("network", attribute("network", String.class));
    for (String name : List.of("transform", "source_format", "source_sha256")) {
      if (file.root().getAttribute(name) != null) {
        found.put(name, attribute(name, String.class));
      }
    }
    List<String> names = classNames();
    if (!names.isEmpty()) {
      found.put(CLASS_NAMES, new JsonMapper().valueToTree(names).toString());
    }
    return found;
  }

  private List<String> classNames() {
    if (file.root().getAttribute(CLASS_NAMES) != null) {
      return List.of(attribute(CLASS_NAMES, String[].class));
    }
    if (!(file.children(file.root()).get(CLASS_NAMES) instanceof Dataset many)) {
      return List.of();
    }
    return List.of(file.texts(CLASS_NAMES, many));
  }

  private <T> T attribute(String name, Class<T> type) {
    Attribute attribute = file.root().getAttribute(name);
    if (attribute == null) {
      throw new UnsupportedFileException(
          "%s: no attribute '%s'; expected an HDF5 file that import-weights, finetune-cifar or Keras"
                  .formatted(path, name)
              + " wrote");
    }
    Object value = file.attribute(file.root(), name);
    if (!type.isInstance(value)) {
      throw file.malformed(
          "attribute '%s': expected %s, found %s of shape %s",
          name,
          type.getSimpleName(),
          attribute.getJavaType().getSimpleName(),
          Arrays.toString(attribute.getDimensionsAsLong()));
    }
    return type.cast(value);
  }

  @Override
  public Map<String, String> notes() {
    return Collections.unmodifiableMap(notes);
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
