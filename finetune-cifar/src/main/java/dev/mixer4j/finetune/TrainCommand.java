package dev.mixer4j.finetune;

import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Regularization;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.Adam;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.MixerCheckpoint;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.NormalizationOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "train",
    sortOptions = false,
    description = {
      "Fine-tunes weights on CIFAR-10, CIFAR-100, MNIST or a folder of pictures.",
      "A head whose number of classes is not the data's is replaced by one of zeros; otherwise it is"
          + " kept. RUN gets metrics.csv, config.json, best.h5 (of the epoch with the highest test"
          + " accuracy) and final.h5."
    })
final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.h5",
      description = "Weights to start from, of any readable format.")
  private Path weights;

  @Mixin private DataOptions data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "RUN",
      description = "Folder for the run's files.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace the files of an earlier run in RUN.")
  private boolean overwrite;

  @Option(
      names = "--epochs",
      defaultValue = "2",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Times that each image is trained on (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      defaultValue = "16",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Images in a step (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--learning-rate",
      defaultValue = "1e-5",
      paramLabel = "RATE",
      converter = Positive.Real.class,
      description = "Adam's step size (default: ${DEFAULT-VALUE}).")
  private double learningRate;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description =
          "Size that images are resized to: the weights' own, or a whole multiple of it, for which"
              + " the token-mixing weights become block-diagonal, as in the paper's appendix.")
  private Integer imageSize;

  @Option(
      names = "--seed",
      defaultValue = "1024",
      paramLabel = "N",
      description =
          "Decides order and flips: the same again repeats a run (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--no-shuffle", description = "Train on the images in their order in the files.")
  private boolean noShuffle;

  @Option(names = "--no-augment", description = "Do not mirror images at random.")
  private boolean noAugment;

  @Option(
      names = "--limit-train",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Use the first N training images only.")
  private int limitTrain;

  @Option(
      names = "--log-every",
      defaultValue = "50",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Steps between two rows of metrics.csv (default: ${DEFAULT-VALUE}).")
  private int logEvery;

  @Mixin private NormalizationOptions normalization;

  @Override
  public Integer call() throws IOException {
    RunFolder.check(out, overwrite);
    Dataset dataset = data.open(networkSize());
    try (MixerCheckpoint start = openWeights(dataset.classNames().size());
        MixerWeights network = imageSize == null ? start : HigherResolution.of(start, imageSize)) {
      LabelledImages train = dataset.train(limitTrain);
      LabelledImages test = dataset.measured(data.limitTest());
      TrainSettings settings =
          new TrainSettings(
              epochs, batchSize, learningRate, seed, !noShuffle, !noAugment, logEvery);
      Source source = start.asSource();
      var config =
          RunConfig.toJson(
              settings, start, network.config(), source, dataset, train.size(), test.size());
      try (TrainingGraph graph = new TrainingGraph(network, Adam.DEFAULT, Regularization.NONE);
          RunFolder run = new RunFolder(out, config, source)) {
        TrainingReport report = new TrainingReport(spec.commandLine().getErr(), epochs);
        report.starting(
            train.size(), test.size(), start.config().classes(), RunConfig.hasNewHead(start));
        return train(
            new Training(graph, settings, train, test, dataset.classNames(), run, report), run);
      }
    }
  }

  private int networkSize() throws IOException {
    if (imageSize != null) {
      return imageSize;
    }
    try (MixerCheckpoint asTheyAre = MixerCheckpoint.open(weights, options(null))) {
      return asTheyAre.config().imageSize();
    }
  }

  private MixerCheckpoint openWeights(int classes) throws IOException {
    MixerCheckpoint asTheyAre = MixerCheckpoint.open(weights, options(null));
    if (asTheyAre.config().classes() == classes) {
      return asTheyAre;
    }
    asTheyAre.close();
    return MixerCheckpoint.open(weights, options(classes));
  }

  private ImportOptions options(Integer classes) {
    return new ImportOptions(classes, null, normalization.mean(), normalization.std());
  }

  private int train(Training training, RunFolder run) throws IOException {
    try {
      Training.Outcome outcome = training.run();
      print(
          "test accuracy: %.2f%% before, %.2f%% after, best %.2f%% after epoch %d",
          100 * outcome.before(), 100 * outcome.after(), 100 * outcome.best(), outcome.bestEpoch());
      print("weights: %s", run.file(RunFolder.BEST));
      return Cli.DONE;
    } catch (DivergenceException e) {
      Cli.printError(spec.commandLine().getErr(), e.getMessage());
      return Cli.CHECK_FAILED;
    }
  }

  private void print(String format, Object... args) {
    PrintWriter stdout = spec.commandLine().getOut();
    stdout.println(String.format(Locale.ROOT, format, args));
    stdout.flush();
  }
}
