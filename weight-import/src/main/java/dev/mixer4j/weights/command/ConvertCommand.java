package dev.mixer4j.weights.command;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.format.Metadata;
import dev.mixer4j.weights.format.Source;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "convert",
    description = {
      "Converts a checkpoint to Mixer4J's HDF5, or to the format of another framework.",
      "SOURCE is a JAX .npz (Flax names), a PyTorch .pth or a .safetensors or its index (timm names),"
          + " a Keras .h5, .weights.h5 or .keras (keras_cv_attention_models' names), or a Paddle"
          + " .pdparams (PaddleViT's or timm's), a TensorFlow checkpoint or a SavedModel (Flax's names);"
          + " its content tells which. The geometry comes from its tensors.",
      "A published file, as 'import-weights list' shows them, is recognised by its SHA-256: mean, std,"
          + " GELU and class names are then its publisher's, unless options say otherwise."
    })
final class ConvertCommand implements Callable<Integer> {

  /** One of the two at most. */
  private static final class Head {
    @Option(
        names = "--classes",
        paramLabel = "N",
        description = "A head of N classes, all zero, in place of the source's, for fine-tuning.")
    private Integer classes;

    @Option(names = "--drop-head", description = "No head: the network ends with its features.")
    private boolean drop;
  }

  /** What the source file is, and which published one, if any. */
  private record Origin(Source source, Optional<PublishedCheckpoint> known) {}

  private final Supplier<PublishedCheckpoints> published;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SOURCE", description = "The checkpoint.")
  private Path source;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "TARGET",
      description =
          "What to write. Its extension tells the format: .h5, .safetensors (timm's names, for"
              + " PyTorch), .npz (Flax's names, for JAX), .ckpt (a TensorFlow checkpoint's prefix).")
  private Path target;

  @Option(
      names = "--to",
      paramLabel = "FORMAT",
      description =
          "The format, whatever the extension: ${COMPLETION-CANDIDATES}. A saved-model is a folder.")
  private TargetFormat to;

  @Option(names = "--overwrite", description = "Replace TARGET if it is there.")
  private boolean overwrite;

  @ArgGroup private Head head;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description =
          "Adapt the token-mixing weights to larger images, a whole multiple of the source's size:"
              + " block-diagonal copies, as in the paper's appendix, for fine-tuning.")
  private Integer imageSize;

  @Option(
      names = "--gelu",
      description =
          "GELU's form, erf or tanh. Unless given or said by the file: tanh for Flax's names, as JAX"
              + " computes it, erf for all others, as PyTorch, Keras and Paddle do.")
  private Gelu gelu;

  @Mixin private NormalizationOptions normalization;

  ConvertCommand() {
    this(PublishedCheckpoints::load); // when needed: --help need not read it
  }

  /** With checkpoints of a test's own. */
  ConvertCommand(Supplier<PublishedCheckpoints> published) {
    this.published = published;
  }

  @Override
  public Integer call() throws IOException {
    Integer classes = classes();
    TargetFormat format = format();
    checkTarget(format);
    ImportOptions options =
        new ImportOptions(classes, gelu, normalization.mean(), normalization.std());
    PrintWriter out = spec.commandLine().getOut();
    try (Checkpoint checkpoint = Checkpoint.open(source, options)) {
      MixerWeights weights =
          imageSize == null ? checkpoint : HigherResolution.of(checkpoint, imageSize);
      // Beside the conversion, where only what is said of the tensors has to wait for it.
      CompletableFuture<Origin> origin = CompletableFuture.supplyAsync(() -> origin(checkpoint));
      Supplier<Metadata> metadata = () -> describe(weights, await(origin), options);
      long bytes = weights.config().parameterCount() * Float.BYTES;
      try (Progress progress = Progress.of("Converting", bytes, "MB", 1_000_000)) {
        CheckpointWriter.write(target, format, weights, metadata, overwrite, progress::step);
      }
      Metadata written = metadata.get();
      Summary.print(out, target, written.applyTo(weights.config()), written.transform());
      await(origin)
          .known
          .ifPresent(p -> out.println("  recognised as " + p.name() + ": " + p.title()));
      Summary.printUse(out, checkpoint);
      format.losses(written).forEach(loss -> out.println("  note          " + loss));
    }
    out.flush();
    return Cli.DONE;
  }

  private Origin origin(Checkpoint checkpoint) {
    try {
      Source source = checkpoint.asSource();
      long size = 0;
      for (Path file : checkpoint.files()) {
        size += Files.size(file);
      }
      return new Origin(source, published.get().recognise(source, size));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Origin await(CompletableFuture<Origin> origin) {
    try {
      return origin.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failed ? failed : e;
    }
  }

  private static Metadata describe(MixerWeights weights, Origin origin, ImportOptions options) {
    Metadata found = Metadata.of(weights, origin.source);
    int classes = weights.config().classes();
    return origin.known.map(known -> known.describe(found, classes, options)).orElse(found);
  }

  private Integer classes() {
    if (head == null || head.classes == null) {
      return head != null && head.drop ? 0 : null;
    }
    if (head.classes < 1 || head.classes > 1_000_000) {
      throw new ParameterException(
          spec.commandLine(),
          "--classes: expected 1 to 1000000, found " + head.classes + "; --drop-head is for none");
    }
    return head.classes;
  }

  private TargetFormat format() {
    if (to != null) {
      return to;
    }
    return TargetFormat.of(target)
        .orElseThrow(() -> new ParameterException(spec.commandLine(), unknownTarget()));
  }

  private String unknownTarget() {
    return target.toString().matches(".*\\.(pth?|bin)")
        ? "--output: pickles are read, not written; PyTorch and timm take .safetensors"
        : "--output: the extension of %s tells no format; name one with --to: %s"
            .formatted(target, Arrays.toString(TargetFormat.values()));
  }

  /** Early, so that a long conversion does not end in a refusal. */
  private void checkTarget(TargetFormat format) throws IOException {
    CheckpointWriter.checkTarget(target, format, overwrite);
    if (Files.exists(target) && Files.exists(source) && Files.isSameFile(source, target)) {
      throw new ParameterException(spec.commandLine(), "SOURCE and TARGET are the same file");
    }
  }
}
