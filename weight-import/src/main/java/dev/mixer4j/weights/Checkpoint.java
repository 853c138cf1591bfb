package dev.mixer4j.weights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.Model;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Variable;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.names.MappedTensors;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An open checkpoint of any readable format: a network, its weights and their description.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoint.open(Path.of("mixer.npz"));
 *     ImageClassifier classifier = new ImageClassifier(checkpoint)) {
 *   System.out.println(checkpoint.network());
 *   float[][] logits = classifier.logits(images);
 * }
 * }</pre>
 *
 * <p>Values have the names of the network's variables and TensorFlow's layouts. The family of the
 * network is the one whose names and shapes the tensors have. Opening checks that each variable is
 * filled exactly once. Tensors are read on request, by one thread at a time.
 */
public final class Checkpoint implements Model {

  /** Settings that no tensor's name or shape shows. */
  private static final List<String> UNTOLD =
      List.of("gelu", "layer_norm_epsilon", "heads", "output_relu");

  private final TensorFile file;
  private final Candidate chosen;
  private final Network network;
  private final ModelInfo info;
  private final boolean newHead;
  private final HubConfig hub;
  private final boolean described;
  private final ImportOptions options;
  private FloatBuffer scratch;

  private Checkpoint(TensorFile file, HubConfig hub, ImportOptions options) {
    this.file = file;
    this.hub = hub;
    this.newHead = options.classes() != null;
    Optional<Metadata> metadata = metadata();
    this.described = metadata.isPresent();
    this.options = options;
    this.chosen = Candidate.find(file, metadata, newHead, options.part());
    if (newHead) {
      chosen.network().variables().stream()
          .filter(Variable::isHead)
          .forEach(variable -> chosen.tensors().leaveOut(variable.name()));
    }
    this.network = configure(chosen.network(), options);
    ModelInfo found = metadata.map(Metadata::info).orElseGet(this::hubInfo);
    this.info = newHead ? found.withClassNames(List.of()) : found;
    int names = info.classNames().size();
    if (names != 0 && names != network.classes()) {
      throw new MismatchException(
          "%s: expected as many class names as classes, found %d names for %d classes"
              .formatted(path(), names, network.classes()));
    }
  }

  /** As far as the file has no description of its own. */
  private ModelInfo hubInfo() {
    List<String> names = hub.classNames();
    try {
      return new ModelInfo(
          names.size() == network.classes() ? names : List.of(), hub.transform(), Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(path() + ": its config.json: " + e.getMessage(), e);
    }
  }

  /**
   * {@return the settings of the network that are assumed, since neither tensors nor file nor
   * options determine them; each with the value that is usual for weights with such names, such as
   * {@code gelu erf}}
   */
  public List<String> assumed() {
    List<String> assumed = new ArrayList<>();
    if (!described) {
      JsonNode settings = NetworkJson.write(network);
      for (String name : UNTOLD) {
        if (settings.has(name)
            && !file.settings().containsKey(name)
            && !options.settings().containsKey(name)) {
          assumed.add(name + " " + settings.get(name).asText());
        }
      }
    }
    return assumed;
  }

  private Optional<Metadata> metadata() {
    try {
      return Metadata.of(file.notes());
    } catch (IllegalArgumentException e) {
      throw new MalformedFileException(path() + ": its description: " + e.getMessage(), e);
    }
  }

  /**
   * {@return a newly opened checkpoint without options, which the caller closes}
   *
   * @param path a file of any format that is read; a prefix or folder where it has several
   * @throws IOException if there is no such file, or it cannot be read
   */
  public static Checkpoint open(Path path) throws IOException {
    return open(path, ImportOptions.NONE);
  }

  /**
   * {@return a newly opened checkpoint, which the caller closes}
   *
   * @param path a file of any format that is read; a prefix or folder where it has several
   * @param options override what the file says
   * @throws MalformedFileException if the file is damaged
   * @throws UnsupportedFileException if its format or content cannot be read
   * @throws MismatchException if its tensors do not form a known network
   * @throws IOException if there is no such file, or it cannot be read
   */
  public static Checkpoint open(Path path, ImportOptions options) throws IOException {
    TensorFile file = TensorFiles.open(path, options.part());
    try {
      return new Checkpoint(file, HubConfig.beside(path), options);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private Network configure(Network found, ImportOptions options) {
    try {
      Network headed = newHead ? found.withClasses(options.classes()) : found;
      Network set = NetworkJson.with(headed, options.settings());
      if (!set.shapes().equals(headed.shapes())) {
        throw new IllegalArgumentException(
            "%s asks for other tensors than those of the file, which is a %s"
                .formatted(options.settings(), NetworkJson.describe(headed)));
      }
      boolean hubs = !described && options.mean() == null && options.std() == null;
      List<Float> mean = hubs ? hub.mean() : options.mean();
      List<Float> std = hubs ? hub.std() : options.std();
      return set.withInput(
          set.input()
              .withNormalization(
                  Objects.requireNonNullElse(mean, set.input().mean()),
                  Objects.requireNonNullElse(std, set.input().std())));
    } catch (IllegalArgumentException e) {
      throw new MismatchException(path() + ": " + e.getMessage(), e);
    }
  }

  /** {@return the file, or the prefix or folder, as it was given to {@link #open(Path)}} */
  public Path path() {
    return file.path();
  }

  /** {@return the file's format} */
  public Format format() {
    return file.format();
  }

  /** {@return the file's tensors with the file's own names, dtypes and layouts} */
  public Map<String, TensorInfo> tensors() {
    return file.tensors();
  }

  /** {@return all files of the checkpoint; several for sharded ones and TensorFlow's} */
  public List<Path> files() {
    return file.files();
  }

  /**
   * {@return the format and hash of this checkpoint, to be noted in files that are made from it}
   * {@link #info()} has the origin of the checkpoint itself, if Mixer4J wrote it.
   *
   * @throws IOException if a file cannot be read
   */
  public Origin origin() throws IOException {
    return new Origin(file.format().toString(), FileHash.sha256(file.files()));
  }

  /** {@return the variables that each tensor of the file fills, separated by commas} */
  public Map<String, String> used() {
    Map<String, String> used = new LinkedHashMap<>();
    Map<String, MappedTensors.Source> sources = chosen.tensors().sources();
    sources.forEach(
        (name, source) -> used.merge(source.info().name(), name, (a, b) -> a + ", " + b));
    return Collections.unmodifiableMap(used);
  }

  /** {@return what is not used, by name: other entries, and a head that the options replace} */
  public List<String> ignored() {
    return chosen.tensors().ignored();
  }

  /** {@return the entry of the file that holds the weights, such as {@code model}; or empty} */
  public String part() {
    return file.part();
  }

  /** {@return the prefix that all names in the file have, such as {@code module.}; or empty} */
  public String prefix() {
    return chosen.tensors().prefix();
  }

  /** {@return free texts that the file carries, such as safetensors' {@code __metadata__}} */
  public Map<String, String> texts() {
    return file.texts();
  }

  @Override
  public Network network() {
    return network;
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    MappedTensors.Source source = chosen.tensors().sources().get(name);
    if (source == null) {
      float value = chosen.table().fallback(name).orElse(0f);
      for (long n = network.shapes().get(name).size(); n > 0; n--) {
        destination.put(value);
      }
      return;
    }
    int start = destination.position();
    String tensor = source.info().name();
    try {
      if (source.layout().keepsElements()) {
        file.read(tensor, destination);
      } else {
        FloatBuffer stored = scratch();
        file.read(tensor, stored);
        source.layout().copy(stored.flip(), source.info().shape(), destination);
      }
    } catch (EOFException e) {
      throw new MalformedFileException(
          "%s: tensor '%s': %s: the file is cut off".formatted(path(), tensor, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(path() + ": " + e.getMessage(), e);
    }
    checkNumbers(tensor, destination, start);
  }

  /** One array for all tensors whose axes turn: a new one for each would fill the heap. */
  private FloatBuffer scratch() {
    if (scratch == null) {
      int largest =
          chosen.tensors().sources().values().stream()
              .filter(source -> !source.layout().keepsElements())
              .mapToInt(source -> source.info().elements())
              .max()
              .orElse(0);
      scratch = FloatBuffer.allocate(largest);
    }
    return scratch.clear();
  }

  /** A network that diverged, or was never filled, would go unnoticed up to its last logit. */
  private void checkNumbers(String tensor, FloatBuffer values, int start) {
    for (int i = start; i < values.position(); i++) {
      if (!Float.isNaN(values.get(i))) {
        return;
      }
    }
    if (values.position() > start) {
      throw new MismatchException(
          "%s: tensor '%s': expected numbers, found nothing but NaN; take a checkpoint from before"
                  .formatted(path(), tensor)
              + " the training diverged");
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(path() + ": " + e.getMessage(), e);
    }
  }
}
