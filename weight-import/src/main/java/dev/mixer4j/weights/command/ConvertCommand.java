package dev.mixer4j.weights.command;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.tensorflow.ndarray.Shape;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "convert",
    description = {
      "Converts a checkpoint to Mixer4J's HDF5, or to the format of another framework.",
      "SOURCE is a JAX .npz, a PyTorch .pth, a .safetensors or its index, a Keras .h5, .weights.h5 or"
          + " .keras, a Paddle .pdparams, a TensorFlow checkpoint or a SavedModel; the content decides."
          + " The network is found by the names and shapes of the tensors.",
      "A published file, as 'import-weights list' shows them, is recognized by its SHA-256. It gets mean,"
          + " std, GELU and class names of its publisher; options come first."
    })
final class ConvertCommand extends Subcommand {

  private static final class Head {
    @Option(
        names = "--classes",
        paramLabel = "N",
        description = "A head of N classes, all zero, in place of the source's, for fine-tuning.")
    private Integer classes;

    @Option(names = "--drop-head", description = "No head: the network ends with its features.")
    private boolean drop;
  }

  private record Recognized(Origin origin, Optional<PublishedCheckpoint> known) {}

  private final Supplier<PublishedCheckpoints> published;

  @Parameters(paramLabel = "SOURCE", description = "The checkpoint.")
  private Path source;

  @Mixin private TargetOptions target;

  @ArgGroup private Head head;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description =
          "Mixers only: adapt the token-mixing weights to larger images, a whole multiple of the"
              + " source's size: block-diagonal copies, as in the paper's appendix, for fine-tuning.")
  private Integer imageSize;

  @Option(
      names = "--gelu",
      paramLabel = "FORM",
      description =
          "Mixers only: the form of GELU, erf or tanh. If neither the option nor the file says, it is"
              + " tanh with Flax's names, as JAX computes it, and erf with all others.")
  private Gelu gelu;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      description =
          "The epsilon of layer normalization, for which layer_norm_epsilon stands in --set. If neither"
              + " the option nor the file says, it is what the code with these names uses, or 1e-5.")
  private Double epsilon;

  @Option(
      names = "--part",
      paramLabel = "NAME",
      description =
          "The entry of a training state, or the start of the tensors' names, that has the network; for"
              + " files that have several.")
  private String part;

  @Option(
      names = "--set",
      paramLabel = "SETTING=VALUE",
      description =
          "A setting of the network that the tensors do not tell, such as output_relu=true of an mlp.")
  private Map<String, String> given = Map.of();

  @Mixin private NormalizationOptions normalization;

  ConvertCommand() {
    this(PublishedCheckpoints::load); // when needed: --help need not read it
  }

  ConvertCommand(Supplier<PublishedCheckpoints> published) {
    this.published = published;
  }

  @Override
  public Integer call() throws IOException {
    Integer classes = classes();
    TargetFormat format = target.checkedFormat();
    if (Files.exists(target.path())
        && Files.exists(source)
        && Files.isSameFile(source, target.path())) {
      throw usage("SOURCE and TARGET are the same file");
    }
    format.prepare();
    Map<String, String> settings = new LinkedHashMap<>(given);
    if (gelu != null) {
      settings.put("gelu", gelu.toString());
    }
    if (epsilon != null) {
      settings.put("layer_norm_epsilon", epsilon.toString());
    }
    ImportOptions options =
        new ImportOptions(classes, settings, normalization.mean(), normalization.std(), part);
    PrintWriter out = out();
    try (Checkpoint checkpoint = Checkpoint.open(source, options)) {
      Weights weights = imageSize == null ? checkpoint : HigherResolution.of(checkpoint, imageSize);
      // Beside the conversion, where only what is said of the tensors has to wait for it.
      CompletableFuture<Recognized> recognized =
          CompletableFuture.supplyAsync(() -> recognize(checkpoint));
      Supplier<Metadata> metadata =
          () -> describe(weights.network(), checkpoint.info(), await(recognized), options);
      long bytes =
          weights.network().shapes().values().stream().mapToLong(Shape::size).sum() * Float.BYTES;
      try (Progress progress = Progress.of("Converting", bytes, "MB", 1_000_000)) {
        CheckpointWriter.write(
            target.path(), format, weights, metadata, target.overwrite(), progress::step);
      }
      Metadata written = metadata.get();
      Summary summary = new Summary(out);
      summary.print(target.path(), written);
      await(recognized)
          .known
          .ifPresent(p -> out.println("  recognised as " + p.name() + ": " + p.title()));
      summary.printUse(checkpoint);
      format.losses(written).forEach(loss -> out.println("  note          " + loss));
    }
    return Cli.DONE;
  }

  private Recognized recognize(Checkpoint checkpoint) {
    try {
      Origin origin = checkpoint.origin();
      long size = 0;
      for (Path file : checkpoint.files()) {
        size += Files.size(file);
      }
      return new Recognized(origin, published.get().recognise(origin, size));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Recognized await(CompletableFuture<Recognized> recognized) {
    try {
      return recognized.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failed ? failed : e;
    }
  }

  private static Metadata describe(
      Network network, ModelInfo info, Recognized recognized, ImportOptions options) {
    Metadata found = new Metadata(network, info.withOrigin(recognized.origin));
    return recognized.known.map(known -> known.describe(found, options)).orElse(found);
  }

  private Integer classes() {
    if (head == null || head.classes == null) {
      return head != null && head.drop ? 0 : null;
    }
    if (head.classes < 1 || head.classes > 1_000_000) {
      throw usage(
          "--classes: expected 1 to 1000000, found " + head.classes + "; --drop-head is for none");
    }
    return head.classes;
  }
}
