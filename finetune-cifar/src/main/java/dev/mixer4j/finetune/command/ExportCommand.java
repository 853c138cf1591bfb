package dev.mixer4j.finetune.command;

import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Subcommand;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.SavedModelInput;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "export",
    description = {
      "Writes a SavedModel, a folder that TensorFlow Serving and TensorFlow itself load and run.",
      "Its graph preprocesses images as 'predict' does. Its signatures image_bytes (JPEG and PNG"
          + " files), images (pixels) and normalized (the network's own input) return logits,"
          + " probabilities, classes (the name of the most probable one) and features."
    })
final class ExportCommand extends Subcommand {

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.h5",
      description = "Weights of any readable format.")
  private Path weights;

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "The folder to write.")
  private Path output;

  @Option(
      names = "--input",
      defaultValue = "image_bytes",
      paramLabel = "INPUT",
      description =
          "The signature that serving_default is a copy of: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE}).")
  private SavedModelInput input;

  @Option(
      names = "--transform",
      paramLabel = "TRANSFORM",
      converter = TransformConverter.class,
      description =
          "How images are resized and cropped: 'center-crop 0.875 bicubic', 'squash bilinear', 'fit'"
              + " or the like (default: as the weights say; if they do not, timm's for a Mixer and"
              + " squash bilinear for other networks).")
  private ImageTransform transform;

  @Option(names = "--overwrite", description = "Replace the SavedModel that is DIR.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    CheckpointWriter.checkTarget(output, TargetFormat.SAVED_MODEL, overwrite);
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      ImageTransform chosen =
          transform == null
              ? checkpoint.info().transformOrDefault(checkpoint.network())
              : transform;
      ModelInfo info = checkpoint.info().withTransform(chosen).withOrigin(checkpoint.origin());
      long bytes = checkpoint.network().parameterCount() * Float.BYTES;
      try (Progress progress = Progress.of("Exporting", bytes, "MB", 1_000_000)) {
        CheckpointWriter.writeSavedModel(
            output,
            checkpoint,
            new Metadata(checkpoint.network(), info),
            input,
            overwrite,
            progress::step);
      }
      describe(checkpoint.network(), chosen);
    }
    return Cli.DONE;
  }

  private void describe(Network network, ImageTransform chosen) {
    ImageInput images = network.input();
    print("model: %s", output);
    print("  image_bytes      string [N]: JPEG and PNG files; %s", chosen);
    print(
        "  images           float32 [N, height, width, %d] in 0 to 255; %s",
        images.channels(), chosen);
    print(
        "  normalized       float32 [N, %d, %d, %d], less mean %s, over std %s",
        images.height(),
        images.width(),
        images.channels(),
        ImageInput.channelsText(images.mean()),
        ImageInput.channelsText(images.std()));
    print("  serving_default  as %s", input);
    if (network.classes() > 0) {
      print(
          "  gives            logits and probabilities float32 [N, %d], classes string [N], features float32 [N, %d]",
          network.classes(), network.featureSize());
    } else {
      print(
          "  gives            features float32 [N, %d], since the weights have no head",
          network.featureSize());
    }
  }
}
