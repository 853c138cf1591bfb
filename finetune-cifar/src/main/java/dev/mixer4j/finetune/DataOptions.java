package dev.mixer4j.finetune;

import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetOptions;
import dev.mixer4j.finetune.data.Datasets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/** Which images: what all commands that read a data set share. */
final class DataOptions {

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DATA",
      description =
          "CIFAR-10 or CIFAR-100 (binary or Python version, folder or .tar.gz), MNIST's files, or"
              + " pictures in DATA/train/CLASS and DATA/test/CLASS, or in DATA/CLASS.")
  private Path path;

  @Option(
      names = "--validation-fraction",
      paramLabel = "F",
      converter = Positive.Fraction.class,
      description =
          "Share of the training images that is held out: the last ones, or of pictures as many of"
              + " each class.")
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
      converter = Positive.Whole.class,
      description = "Use the first N test or validation images only.")
  private int limitTest;

  /**
   * Finds the data set.
   *
   * @param imageSize the network's, to which pictures are brought
   */
  Dataset open(int imageSize) throws IOException {
    OptionalDouble fraction =
        validationFraction == null ? OptionalDouble.empty() : OptionalDouble.of(validationFraction);
    return Datasets.open(path, new DatasetOptions(imageSize, fraction, splitSeed));
  }

  int limitTest() {
    return limitTest;
  }
}
