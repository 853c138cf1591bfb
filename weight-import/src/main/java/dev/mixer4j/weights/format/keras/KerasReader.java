package dev.mixer4j.weights.format.keras;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import dev.mixer4j.weights.format.hdf5.Hdf5File;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.Closeable;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Reads the HDF5 files of Keras, in both of its layouts.
 *
 * <p>Keras 2 (keras/src/legacy/saving/legacy_h5_format.py) lists {@code layer_names} in the root
 * group, or in {@code model_weights} of a whole model, and {@code weight_names} in each layer's
 * group; tensors have these names, such as {@code stem/kernel:0}. Keras 3
 * (keras/src/saving/saving_lib.py) numbers a layer's variables in a group {@code vars}, whose
 * attribute {@code name} is the layer's; tensors are called {@code LAYER/vars/NUMBER} or, where an
 * older Keras wrote no name, by their path, such as {@code layers/dense_3/vars/0}.
 */
public final class KerasReader extends OpenTensorFile {

  private static final int MAX_DEPTH = 24;

  private final Hdf5File file;
  private final Closeable source;
  private final Map<String, String> settings;

  public static boolean reads(Hdf5File file) {
    Map<String, Node> children = file.children(file.root());
    if (file.root().getAttribute("format_version") != null) { // one of ours
      return false;
    }
    return file.root().getAttribute("layer_names") != null
        || file.root().getAttribute("layer_names0") != null
        || children.containsKey("model_weights")
        || children.containsKey("layers")
        || children.containsKey("_layer_checkpoint_dependencies");
  }

  public KerasReader(Hdf5File file) throws IOException {
    this(file, KerasConfig.in(file), () -> {});
  }

  /** Reads an opened file; {@code source} is closed with it. */
  KerasReader(Hdf5File file, KerasConfig config, Closeable source) throws IOException {
    super(file.path(), Format.KERAS, "HDF5 file");
    this.file = file;
    this.source = source;
    boolean whole = file.children(file.root()).get("model_weights") instanceof Group;
    Group top = file.root();
    if (whole) {
      part = "model_weights";
      top = (Group) file.children(top).get(part);
      ignored.addAll(file.children(file.root()).keySet());
      ignored.remove(part);
    }
    this.settings = config.settings();
    ignored.addAll(config.preprocessing());
    file.list(top, "", MAX_DEPTH);
    List<String> layers = texts(top, "layer_names");
    if (layers.isEmpty()) {
      addNumbered(config);
    } else {
      addListed(layers);
    }
  }

  /** Keras 2's layout: what is not listed is not the model's. */
  private void addListed(List<String> layers) throws IOException {
    for (String layer : layers) {
      Group group = file.groups().get(joined(layer, ""));
      if (group == null) {
        throw file.malformed("no group for layer '%s'", layer);
      }
      for (String weight : texts(group, "weight_names")) {
        Dataset dataset = file.datasets().remove(joined(layer, weight));
        if (dataset == null) {
          throw file.malformed("layer '%s' lacks its weight '%s'", layer, weight);
        }
        tensors.put(weight, file.add(weight, dataset));
      }
    }
    ignored.addAll(file.datasets().keySet());
  }

  /** HDF5 takes any number of slashes between names as one. */
  private static String joined(String group, String name) {
    return (group + "/" + name).replaceAll("/+", "/");
  }

  /** Keras 3's layout: an optimizer's and a random generator's variables are not weights. */
  private void addNumbered(KerasConfig config) throws IOException {
    for (Map.Entry<String, Dataset> entry : file.datasets().entrySet()) {
      String at = entry.getKey();
      int vars = at.lastIndexOf("vars/");
      if (vars < 0
          || at.startsWith("optimizer/")
          || at.startsWith("metrics/")
          || at.contains("seed_generator")) {
        ignored.add(at);
        continue;
      }
      String directory = at.substring(0, Math.max(0, vars - 1));
      Object named = file.attribute(file.groups().get(at.substring(0, vars + 5)), "name");
      String layer =
          named instanceof String given && !given.isEmpty()
              ? given
              : config.layerName(directory).orElse(directory);
      String name = layer + at.substring(Math.max(0, vars - 1));
      tensors.put(name, file.add(name, entry.getValue()));
    }
  }

  /** A list of texts, which Keras spreads over numbered attributes when it is long. */
  private List<String> texts(Group group, String name) {
    if (group.getAttribute(name) != null) {
      return List.of(textsOf(file.attribute(group, name), name));
    }
    List<String> all = new ArrayList<>();
    for (int i = 0; group.getAttribute(name + i) != null; i++) {
      Collections.addAll(all, textsOf(file.attribute(group, name + i), name));
    }
    return all;
  }

  private String[] textsOf(Object value, String name) {
    if (value instanceof String[] texts) {
      return texts;
    }
    if (value == null || value instanceof double[] none && none.length == 0) {
      return new String[0]; // NumPy makes an empty list one of float64
    }
    throw file.malformed("attribute '%s' is not a list of names", name);
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  @Override
  public void read(String name, FloatBuffer destination) throws IOException {
    file.read(name, destination);
  }

  @Override
  public void close() throws IOException {
    try (source) {
      file.close();
    }
  }
}
