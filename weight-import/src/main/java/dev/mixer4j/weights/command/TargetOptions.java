package dev.mixer4j.weights.command;

import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands that write a checkpoint. */
final class TargetOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "TARGET",
      description =
          "The file to write. Its extension decides on the format: .h5, .safetensors (PyTorch's"
              + " names), .npz (for JAX), .ckpt (the prefix of a TensorFlow checkpoint).")
  private Path target;

  @Option(
      names = "--to",
      paramLabel = "FORMAT",
      description =
          "The format, regardless of the extension: ${COMPLETION-CANDIDATES}. A saved-model is a folder.")
  private TargetFormat to;

  @Option(names = "--overwrite", description = "Replace TARGET if it is there.")
  private boolean overwrite;

  Path path() {
    return target;
  }

  boolean overwrite() {
    return overwrite;
  }

  /** The format to write, once it is clear, before any work, that the target may be written. */
  TargetFormat checkedFormat() throws IOException {
    TargetFormat format = to != null ? to : TargetFormat.of(target).orElseThrow(this::noFormat);
    CheckpointWriter.checkTarget(target, format, overwrite);
    return format;
  }

  private ParameterException noFormat() {
    String message =
        target.toString().matches(".*\\.(pth?|bin)")
            ? "--out: pickles are read, not written; PyTorch and timm take .safetensors"
            : "--out: the extension of %s stands for no format; name one with --to: %s"
                .formatted(target, Arrays.toString(TargetFormat.values()));
    return new ParameterException(command.commandLine(), message);
  }
}
