package dev.mixer4j.finetune.command;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Prediction;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "predict",
    description = {
      "Classifies PNG and JPEG images of any size.",
      "Images are resized and cropped as the weights say, which 'import-weights inspect' shows. If"
          + " they say nothing, a Mixer gets timm's center-crop 0.875 bicubic, another network the"
          + " whole image: squash bilinear."
    })
final class PredictCommand extends Subcommand {

  private record Answer(String file, List<Prediction> predictions) {}

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.h5",
      description = "Weights of any readable format.")
  private Path weights;

  @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "A PNG or JPEG file.")
  private List<Path> images;

  @Option(
      names = "--top",
      defaultValue = "5",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Classes to show, the most probable first (default: ${DEFAULT-VALUE}).")
  private int top;

  @Mixin private DeviceOption device;

  @Option(names = "--json", description = "One JSON array, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    List<Answer> all = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      if (checkpoint.network().classes() == 0) {
        throw new MixerException(weights + ": expected a head to classify with, found none");
      }
      try (ImageClassifier classifier = device.classifier(checkpoint)) {
        for (Path image : images) {
          List<Prediction> predictions = classifier.classify(ImageFile.read(image), top);
          if (json) {
            all.add(new Answer(image.toString(), predictions));
          } else {
            out().println(image);
            for (Prediction prediction : predictions) {
              print("  %6.2f%%  %s", 100 * prediction.probability(), prediction.label());
            }
          }
        }
      }
    }
    if (json) {
      printJson(Json.text(all));
    }
    return Cli.DONE;
  }
}
