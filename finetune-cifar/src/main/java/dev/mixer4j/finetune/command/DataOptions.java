package dev.mixer4j.finetune.command;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import dev.mixer4j.finetune.run.RunSplit;
import dev.mixer4j.weights.command.NumberConverter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** The options of all commands that read a data set. */
final class DataOptions {

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description =
          "CIFAR-10 or CIFAR-100 (binary or Python version, folder or .tar.gz), MNIST's files, or"
              + " images in DATA/train/CLASS and DATA/test/CLASS, or in DATA/CLASS.")
  private Path path;

  @Option(
      names = "--validation-fraction",
      paramLabel = "F",
      converter = NumberConverter.Share.class,
      description =
          "Share of the training images that is held out for validation: the last ones, or the same"
              + " share of each class of a folder; 0 for none. By default train holds out 0.1 of a"
              + " folder without test and validation images, and evaluate what the run of the weights"
              + " held out.")
  private Double validationFraction;

  @Option(
      names = "--split-seed",
      paramLabel = "N",
      description = "Seed of the choice of images to hold out (default: 0).")
  private Long givenSplitSeed;

  @Option(
      names = "--limit-test",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Use only the first N test or validation images.")
  int limitTest;

  @Option(
      names = "--skip-broken",
      description =
          "Leave out images of a folder that cannot be read, and list them; otherwise they are all"
              + " listed, and nothing is done.")
  private boolean skipBroken;

  /** The data set; null unless given. */
  Path path() {
    return path;
  }

  boolean skipBroken() {
    return skipBroken;
  }

  long splitSeed() {
    return givenSplitSeed == null ? 0 : givenSplitSeed;
  }

  /**
   * Finds the data set that weights are evaluated on. If they come from a run on the same data, it
   * is split as there, unless the options say otherwise.
   *
   * @param input the images that the network takes
   * @param warn receives what the caller should know
   */
  Dataset open(ImageInput input, Path weights, Consumer<String> warn) throws IOException {
    double fraction = validationFraction == null ? 0 : validationFraction;
    long seed = splitSeed();
    RunSplit run = RunSplit.of(weights).orElse(null);
    boolean same = run != null && run.isOf(path());
    if (same && validationFraction == null && givenSplitSeed == null) {
      fraction = run.validationFraction();
      seed = run.splitSeed();
    }
    Dataset dataset = Datasets.open(path(), DatasetRequest.of(input, fraction, seed));
    dataset.notes().forEach(warn);
    boolean other = same && (fraction != run.validationFraction() || seed != run.splitSeed());
    if (other && !dataset.hasTest()) {
      warn.accept(
          "%s was trained on some of the images that are held out here; the split of its run is %s"
              .formatted(weights, run));
    }
    return dataset;
  }

  /** The channels of the data's own images. */
  int channels() throws IOException {
    return Datasets.open(path(), DatasetRequest.of(1)).channels();
  }
}
