package dev.mixer4j.weights.write;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.Shapes;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.names.NameTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The file formats that can be written.
 *
 * <pre>{@code
 * TargetFormat format = TargetFormat.of(Path.of("mixer.safetensors")).orElseThrow(); // SAFETENSORS
 * }</pre>
 */
public enum TargetFormat {
  /** Our own HDF5, which this library reads back. */
  H5("h5", new Hdf5Writer(), ".h5", ".hdf5"),
  /** Safetensors under PyTorch's names: timm's, for a Mixer. */
  SAFETENSORS("safetensors", new SafetensorsWriter(), ".safetensors"),
  /** NumPy's archive under the variables' names, which are Flax's for a Mixer. */
  NPZ("npz", new NpzWriter(), ".npz"),
  /** A TensorFlow checkpoint: {@code PREFIX.index} and {@code PREFIX.data-00000-of-00001}. */
  TF_CHECKPOINT("tf-checkpoint", new TensorBundleWriter(), ".ckpt", ".index"),
  /** A folder that TensorFlow loads and runs; {@link SavedModelInput} lists its signatures. */
  SAVED_MODEL("saved-model", new SavedModelWriter(SavedModelInput.NORMALIZED));

  private final String title;
  private final WeightsWriter writer;
  private final String[] extensions;

  TargetFormat(String title, WeightsWriter writer, String... extensions) {
    this.title = title;
    this.writer = writer;
    this.extensions = extensions;
  }

  WeightsWriter writer() {
    return writer;
  }

  /** Loads what writing needs on another thread, while the caller does something else. */
  public void prepare() {
    if (this == H5) {
      CompletableFuture.runAsync(NativeHdf5::isAvailable);
    }
  }

  /**
   * {@return the format of a file's extension, in any case; empty if there is none}
   *
   * @param target a file name; the file need not exist
   */
  public static Optional<TargetFormat> of(Path target) {
    String name = target.getFileName().toString().toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(format -> Arrays.stream(format.extensions).anyMatch(name::endsWith))
        .findFirst();
  }

  /**
   * {@return what this format, or the framework that reads it, does not keep of a network, in
   * words}
   *
   * @param metadata describes the network
   */
  public List<String> losses(Metadata metadata) {
    List<String> losses = new ArrayList<>();
    boolean tensorsOnly = this == NPZ || this == TF_CHECKPOINT;
    if (!tensorsOnly && this != SAFETENSORS) {
      return losses;
    }
    Network network = metadata.network();
    NameTable table =
        NameTable.of(network.family(), tensorsOnly ? "flax" : "torch", network.shapes().keySet())
            .orElseThrow();
    Map<String, String> usual = usual(network, table);
    for (Map.Entry<String, JsonNode> setting : NetworkJson.write(network).properties()) {
      String name = setting.getKey();
      String value = setting.getValue().asText();
      if (!usual.getOrDefault(name, value).equals(value)) {
        losses.add(
            "users of %s take %s as %s, these weights' is %s: their logits differ"
                .formatted(table.owner(), name, usual.get(name), value));
      }
    }
    ImageInput input = network.input();
    boolean defaults =
        input.equals(input.withNormalization(List.of(0.5f), List.of(0.5f)))
            && metadata
                .info()
                .transformOrDefault(metadata.network())
                .equals(metadata.network().defaultTransform())
            && metadata.info().classNames().isEmpty();
    if (tensorsOnly && !defaults) {
      losses.add(
          this + " keeps only tensors: not mean, std, the images' transform and class names");
    }
    return losses;
  }

  /** The settings that users of a framework take from the names and shapes of the tensors. */
  private static Map<String, String> usual(Network network, NameTable table) {
    Map<String, String> usual = new LinkedHashMap<>();
    Network inferred =
        Networks.family(network.family()).orElseThrow().infer(new Shapes(network.shapes()));
    NetworkJson.write(inferred)
        .properties()
        .forEach(setting -> usual.put(setting.getKey(), setting.getValue().asText()));
    usual.putAll(table.settings());
    return usual;
  }

  /** The name that {@code --to} takes, such as {@code saved-model}. */
  @Override
  public String toString() {
    return title;
  }
}
