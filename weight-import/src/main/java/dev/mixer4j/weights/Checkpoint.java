package dev.mixer4j.weights;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.MalformedFileException;
import dev.mixer4j.weights.format.Metadata;
import dev.mixer4j.weights.format.MismatchException;
import dev.mixer4j.weights.format.Numerics;
import dev.mixer4j.weights.format.Source;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.Permutation;
import dev.mixer4j.weights.names.NameTable;
import dev.mixer4j.weights.names.SourceNames;
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
import java.util.TreeMap;
import org.tensorflow.ndarray.Shape;

/**
 * A Mixer in a file of any readable format, under its canonical names and in TensorFlow's layouts.
 * Opening maps every tensor by its name, infers the geometry from the shapes, and checks that each
 * variable is filled exactly once; tensors are read when asked for, by one thread at a time.
 */
public final class Checkpoint implements MixerWeights {

  private record Origin(TensorInfo info, int[] axes) {
    Shape shape() {
      return axes.length == 0 ? info.shape() : Permutation.apply(info.shape(), axes);
    }
  }

  private final TensorFile file;
  private final SourceNames names;
  private final MixerConfig config;
  private final List<String> classNames;
  private final Map<String, Origin> origins = new LinkedHashMap<>();
  private FloatBuffer scratch;
  private final List<String> ignored = new ArrayList<>();
  private final boolean zeroHead;

  private Checkpoint(TensorFile file, ImportOptions options) {
    this.file = file;
    this.names = new SourceNames(file.tensors().keySet(), NameTable.of(file.format().naming()));
    ignored.addAll(file.ignored());
    mapNames();
    boolean replaceHead = options.classes() != null;
    if (replaceHead) {
      dropHead();
    }
    int classes = replaceHead ? options.classes() : fileClasses();
    this.zeroHead = replaceHead && classes > 0;
    Optional<Metadata> metadata = file.metadata();
    this.config = configure(geometry(classes), options, metadata);
    this.classNames =
        replaceHead ? List.of() : metadata.map(Metadata::classNames).orElse(List.of());
    if (!classNames.isEmpty() && classNames.size() != classes) {
      throw new MismatchException(
          "%s: expected as many class names as classes, found %d names for %d classes"
              .formatted(path(), classNames.size(), classes));
    }
    checkShapes();
  }

  /**
   * Opens a checkpoint as it is.
   *
   * @param path a file of any format that is read; a prefix or folder where it has several
   * @return the checkpoint, which the caller closes
   * @throws MalformedFileException if the file is damaged
   * @throws UnsupportedFileException if its format or content is not read
   * @throws MismatchException if its tensors do not make up a Mixer
   * @throws IOException if there is no such file, or it cannot be read
   */
  public static Checkpoint open(Path path) throws IOException {
    return open(path, ImportOptions.NONE);
  }

  /**
   * Opens a checkpoint.
   *
   * @param path a file of any format that is read; a prefix or folder where it has several
   * @param options what the caller decides in place of the file
   * @return the checkpoint, which the caller closes
   * @throws MalformedFileException if the file is damaged
   * @throws UnsupportedFileException if its format or content is not read
   * @throws MismatchException if its tensors do not make up a Mixer
   * @throws IOException if there is no such file, or it cannot be read
   */
  public static Checkpoint open(Path path, ImportOptions options) throws IOException {
    TensorFile file = TensorFiles.open(path);
    try {
      return new Checkpoint(file, options);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void mapNames() {
    List<String> unknown = new ArrayList<>();
    for (TensorInfo info : file.tensors().values()) {
      if (names.isBeside(info.name())) {
        ignored.add(info.name());
        continue;
      }
      Optional<NameTable.Target> target = names.target(info.name());
      if (target.isEmpty()) {
        unknown.add(info.name());
        continue;
      }
      int[] axes = target.get().axes();
      if (axes.length != 0 && axes.length != info.shape().numDimensions()) {
        throw mismatch(
            info.name(), axes.length + " dimensions", "shape " + info.shape(), "is it a Mixer's?");
      }
      if (!info.dtype().isFloat()) {
        throw mismatch(
            info.name(), "a floating-point dtype", info.dtype().toString(), "is it a Mixer's?");
      }
      Origin twin = origins.put(target.get().name(), new Origin(info, axes));
      if (twin != null) {
        throw new MismatchException(
            "%s: tensors '%s' and '%s' both stand for %s; remove one"
                .formatted(path(), twin.info.name(), info.name(), target.get().name()));
      }
    }
    if (!unknown.isEmpty()) {
      throw new MismatchException(
          "%s: %d of %d tensors are not a Mixer's under %s's names: %s; expected names such as %s"
              .formatted(
                  path(),
                  unknown.size(),
                  file.tensors().size(),
                  file.format().naming(),
                  listed(unknown),
                  switch (file.format().naming()) {
                    case "timm", "paddle" -> "blocks.0.mlp_tokens.fc1.weight";
                    case "keras" -> "MixerBlock_0/token_mixing/Dense_0/kernel:0";
                    default -> "MixerBlock_0/token_mixing/Dense_0/kernel";
                  }));
    }
  }

  private static String listed(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(5, names.size())));
    return names.size() > 5 ? first + ", …" : first;
  }

  private void dropHead() {
    for (String name : List.of("head/kernel", "head/bias")) {
      Origin head = origins.remove(name);
      if (head != null) {
        ignored.add(head.info.name());
      }
    }
  }

  private int fileClasses() {
    return origins.containsKey("head/bias") || origins.containsKey("head/kernel")
        ? size("head/kernel", 1, 2)
        : 0;
  }

  /** The geometry is what the tensors' shapes say; nothing in the file is asked beside them. */
  private MixerConfig geometry(int classes) {
    int patch = size("stem/kernel", 0, 4);
    int hidden = size("stem/kernel", 3, 4);
    int tokens = size("MixerBlock_0/token_mixing/Dense_0/kernel", 0, 2);
    int tokensMlp = size("MixerBlock_0/token_mixing/Dense_0/kernel", 1, 2);
    int channelsMlp = size("MixerBlock_0/channel_mixing/Dense_0/kernel", 1, 2);
    int grid = (int) Math.round(Math.sqrt(tokens));
    if (grid * grid != tokens) {
      throw mismatch(
          origins.get("MixerBlock_0/token_mixing/Dense_0/kernel").info.name(),
          "a square number of tokens",
          tokens + " tokens",
          "only square images are read");
    }
    int blocks =
        1
            + origins.keySet().stream()
                .filter(name -> name.startsWith("MixerBlock_"))
                .mapToInt(name -> Integer.parseInt(name.substring(11, name.indexOf('/'))))
                .max()
                .orElseThrow();
    try {
      return MixerConfig.of(
          Math.multiplyExact(grid, patch), patch, hidden, blocks, tokensMlp, channelsMlp, classes);
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new MismatchException(path() + ": these tensors make no Mixer: " + e.getMessage(), e);
    }
  }

  private int size(String name, int axis, int dimensions) {
    Origin origin = origins.get(name);
    if (origin == null) {
      throw new MismatchException(
          "%s: no tensor for %s; expected a whole Mixer, found %d tensors"
              .formatted(path(), name, file.tensors().size()));
    }
    if (origin.shape().numDimensions() != dimensions) {
      throw mismatch(
          origin.info.name(),
          dimensions + " dimensions",
          "shape " + origin.info.shape(),
          "is it a Mixer's?");
    }
    return (int) origin.shape().get(axis);
  }

  private MixerConfig configure(
      MixerConfig geometry, ImportOptions options, Optional<Metadata> metadata) {
    Numerics habit = file.numerics();
    try {
      return new MixerConfig(
          geometry.imageSize(),
          geometry.patchSize(),
          geometry.hiddenSize(),
          geometry.blocks(),
          geometry.tokensMlpSize(),
          geometry.channelsMlpSize(),
          geometry.classes(),
          Objects.requireNonNullElse(
              options.gelu(), metadata.map(Metadata::gelu).orElse(habit.gelu())),
          metadata.map(Metadata::layerNormEpsilon).orElse(habit.layerNormEpsilon()),
          Objects.requireNonNullElse(
              options.mean(), metadata.map(Metadata::mean).orElse(geometry.mean())),
          Objects.requireNonNullElse(
              options.std(), metadata.map(Metadata::std).orElse(geometry.std())));
    } catch (IllegalArgumentException e) {
      throw new MismatchException(path() + ": these numbers make no Mixer: " + e.getMessage(), e);
    }
  }

  private void checkShapes() {
    Map<String, Origin> leftOver = new TreeMap<>(origins);
    config
        .variables()
        .forEach(
            (name, shape) -> {
              Origin origin = leftOver.remove(name);
              if (origin == null && !isZero(name)) {
                throw new MismatchException(
                    "%s: no tensor for %s; expected one of shape %s, since the others make up %s"
                        .formatted(path(), name, shape, describe()));
              }
              if (origin != null && !origin.shape().equals(shape)) {
                throw mismatch(
                    origin.info.name(),
                    "shape " + shape + " as " + name,
                    "shape "
                        + origin.shape()
                        + (origin.axes.length == 0
                            ? ""
                            : " (in the file " + origin.info.shape() + ")"),
                    "the other tensors make up " + describe());
              }
            });
    if (!leftOver.isEmpty()) {
      throw new MismatchException(
          "%s: tensor '%s' has no place in %s"
              .formatted(path(), leftOver.values().iterator().next().info.name(), describe()));
    }
  }

  private String describe() {
    return "a Mixer of %d blocks, patch %d, hidden size %d, image size %d"
        .formatted(config.blocks(), config.patchSize(), config.hiddenSize(), config.imageSize());
  }

  private MismatchException mismatch(String tensor, String expected, String found, String remedy) {
    return new MismatchException(
        "%s: tensor '%s': expected %s, found %s; %s"
            .formatted(path(), tensor, expected, found, remedy));
  }

  private boolean isZero(String name) {
    return zeroHead && name.startsWith("head/");
  }

  /** {@return the file, or the prefix or folder, as it was given to {@link #open(Path)}} */
  public Path path() {
    return file.path();
  }

  /** {@return the file's format} */
  public Format format() {
    return file.format();
  }

  /** {@return the file's tensors as it has them: its own names, dtypes and layouts} */
  public Map<String, TensorInfo> tensors() {
    return file.tensors();
  }

  /** {@return the files that make it up: one, but for sharded and TensorFlow's checkpoints} */
  public List<Path> files() {
    return file.files();
  }

  /**
   * {@return the format and hash of this checkpoint, for what is made from it}
   *
   * @throws IOException if a file cannot be read
   */
  public Source asSource() throws IOException {
    return Source.of(file.format(), file.files());
  }

  /** {@return what a Mixer4J file was made from; empty for files of other formats} */
  public Optional<Source> source() {
    return file.metadata().map(Metadata::source);
  }

  /** {@return the canonical name of each source tensor that is used, by its name in the file} */
  public Map<String, String> used() {
    Map<String, String> used = new LinkedHashMap<>();
    origins.forEach((target, origin) -> used.put(origin.info.name(), target));
    return Collections.unmodifiableMap(used);
  }

  /**
   * {@return what of the source is not used, by name: other entries of the file, such as an
   * optimizer's state or an epoch, and the tensors of a head that the options replace}
   */
  public List<String> ignored() {
    return Collections.unmodifiableList(ignored);
  }

  /**
   * {@return the entry of the file that the weights are from, such as {@code state_dict_ema}; or
   * empty}
   */
  public String part() {
    return file.part();
  }

  /**
   * {@return what all names in the file start with and canonical ones do not, such as {@code
   * module.}}
   */
  public String prefix() {
    return names.prefix();
  }

  /** {@return free texts that the file carries, such as safetensors' {@code __metadata__}} */
  public Map<String, String> texts() {
    return file.texts();
  }

  @Override
  public MixerConfig config() {
    return config;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public Optional<ImageTransform> transform() {
    return file.metadata().flatMap(Metadata::transform);
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    if (isZero(name)) {
      for (long n = config.variables().get(name).size(); n > 0; n--) {
        destination.put(0f);
      }
      return;
    }
    Origin origin = origins.get(name);
    int start = destination.position();
    try {
      if (origin.axes.length == 0) {
        file.read(origin.info.name(), destination);
      } else {
        FloatBuffer stored = scratch();
        file.read(origin.info.name(), stored);
        Permutation.copy(stored.flip(), origin.info.shape(), destination, origin.axes);
      }
    } catch (EOFException e) {
      throw new MalformedFileException(
          "%s: tensor '%s': %s: the file is cut off"
              .formatted(path(), origin.info.name(), e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(path() + ": " + e.getMessage(), e);
    }
    checkNumbers(origin, destination, start);
  }

  /** One array for all tensors whose axes turn: a new one for each would fill the heap. */
  private FloatBuffer scratch() {
    if (scratch == null) {
      int largest =
          origins.values().stream()
              .filter(origin -> origin.axes.length > 0)
              .mapToInt(origin -> origin.info.elements())
              .max()
              .orElse(0);
      scratch = FloatBuffer.allocate(largest);
    }
    return scratch.clear();
  }

  /** A network that diverged, or was never filled, would go through unnoticed to its last logit. */
  private void checkNumbers(Origin origin, FloatBuffer values, int start) {
    for (int i = start; i < values.position(); i++) {
      if (!Float.isNaN(values.get(i))) {
        return;
      }
    }
    if (values.position() > start) {
      throw new MismatchException(
          "%s: tensor '%s': expected numbers, found nothing but NaN; take a checkpoint from before"
                  .formatted(path(), origin.info.name())
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
