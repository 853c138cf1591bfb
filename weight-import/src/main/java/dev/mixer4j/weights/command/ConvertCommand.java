package dev.mixer4j.weights.command;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.weights.Hdf5Writer;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.MixerCheckpoint;
import dev.mixer4j.weights.Source;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
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
      "Converts a checkpoint to Mixer4J's HDF5.",
      "SOURCE is a JAX .npz (Flax names), a PyTorch .pth or a .safetensors or its index (timm names),"
          + " a Keras .h5, .weights.h5 or .keras (keras_cv_attention_models' names), or a Paddle"
          + " .pdparams (PaddleViT's or timm's); its content tells which. The geometry comes from its"
          + " tensors."
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

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SOURCE", description = "The checkpoint.")
  private Path source;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "TARGET.h5",
      description = "The file to write.")
  private Path target;

  @Option(names = "--overwrite", description = "Replace TARGET if it is there.")
  private boolean overwrite;

  @ArgGroup private Head head;

  @Option(
      names = "--gelu",
      description =
          "GELU's form, erf or tanh. Unless given or said by the file: tanh for Flax's names, as JAX"
              + " computes it, erf for all others, as PyTorch, Keras and Paddle do.")
  private Gelu gelu;

  @Mixin private NormalizationOptions normalization;

  @Override
  public Integer call() throws IOException {
    Integer classes = classes();
    checkTarget();
    ImportOptions options =
        new ImportOptions(classes, gelu, normalization.mean(), normalization.std());
    PrintWriter out = spec.commandLine().getOut();
    try (MixerCheckpoint checkpoint = MixerCheckpoint.open(source, options)) {
      Source origin = Source.of(checkpoint.format(), source);
      long bytes = checkpoint.config().parameterCount() * Float.BYTES;
      try (Progress progress = Progress.of("Converting", bytes, "MB", 1_000_000)) {
        Hdf5Writer.write(target, checkpoint, origin, overwrite, progress::step);
      }
      Summary.print(out, target, checkpoint.config());
      Summary.printUse(out, checkpoint);
    }
    out.flush();
    return Cli.DONE;
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

  /** Early, so that a long conversion does not end in a refusal. */
  private void checkTarget() throws IOException {
    Hdf5Writer.checkTarget(target, overwrite);
    if (Files.exists(target) && Files.exists(source) && Files.isSameFile(source, target)) {
      throw new ParameterException(spec.commandLine(), "SOURCE and TARGET are the same file");
    }
  }
}
