package dev.mixer4j.finetune.command;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import dev.mixer4j.weights.command.NumberConverter;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of all commands that read a data set. */
final class DataOptions {

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description =
          "CIFAR-10 or CIFAR-100 (binary or Python version, folder or .tar.gz), MNIST's files, or"
              + " pictures in DATA/train/CLASS and DATA/test/CLASS, or in DATA/CLASS.")
  private Path path;

  @Option(
      names = "--validation-fraction",
      paramLabel = "F",
      converter = NumberConverter.Share.class,
      description =
          "Share of the training images that is held out: the last ones, or the same share of each"
              + " class of pictures; 0 for none.")
  private Double validationFraction;

  @Option(
      names = "--split-seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "Seed of the choice of pictures to hold out (default: ${DEFAULT-VALUE}).")
  long splitSeed;

  @Option(
      names = "--limit-test",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Use only the first N test or validation images.")
  int limitTest;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  Path path() {
    if (path == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--data=DATA'");
    }
    return path;
  }

  /** Finds the data set for a network that takes these images. */
  Dataset open(ImageInput input) throws IOException {
    double fraction = validationFraction == null ? 0 : validationFraction;
    return Datasets.open(path(), DatasetRequest.of(input, fraction, splitSeed));
  }

  /** The channels of the data's own images. */
  int channels() throws IOException {
    return Datasets.open(path(), DatasetRequest.of(1)).channels();
  }
}
