package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which images: what all commands that read a data set share. */
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
          "Share of the training images that is held out, 0 for none: the last ones, or of pictures"
              + " as many of each class.")
  private Double validationFraction;

  @Option(
      names = "--split-seed",
      defaultValue = "0",
      paramLabel = "N",
      description = "Decides which pictures are held out (default: ${DEFAULT-VALUE}).")
  private long splitSeed;

  @Option(
      names = "--limit-test",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Use the first N test or validation images only.")
  private int limitTest;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Folder or archive; an error of usage where it was not given. */
  Path path() {
    if (path == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--data=DATA'");
    }
    return path;
  }

  /** Share to hold out, 0 for none; null where it was not given. */
  Double validationFraction() {
    return validationFraction;
  }

  long splitSeed() {
    return splitSeed;
  }

  /**
   * Finds the data set.
   *
   * @param imageSize the network's, to which pictures are brought
   */
  Dataset open(int imageSize) throws IOException {
    boolean none = validationFraction == null || validationFraction == 0;
    OptionalDouble fraction = none ? OptionalDouble.empty() : OptionalDouble.of(validationFraction);
    return Datasets.open(path(), new DatasetRequest(imageSize, fraction, splitSeed));
  }

  int limitTest() {
    return limitTest;
  }
}
