package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerClassifier;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.report.MetricsRow;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.report.RunSummary;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.MixerCheckpoint;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A run from its start, or from where it was interrupted, to its report. */
final class TrainingRun {

  private final PrintWriter out;
  private final PrintWriter err;
  private final TrainingReport report;

  /**
   * @param out takes the result
   * @param err takes what happens meanwhile
   */
  TrainingRun(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
    this.report = new TrainingReport(err);
  }

  /** Trains into a folder, whose files of an earlier run are replaced. */
  int start(RunInput input, Path folder) throws IOException {
    try (MixerCheckpoint asTheyAre = MixerCheckpoint.open(input.weights(), options(input, null))) {
      int size = input.imageSize() == null ? asTheyAre.config().imageSize() : input.imageSize();
      Dataset dataset = input.dataset(size);
      int classes = dataset.classNames().size();
      boolean fits = asTheyAre.config().classes() == classes && !input.settings().newHead();
      try (MixerCheckpoint start =
              MixerCheckpoint.open(input.weights(), options(input, fits ? null : classes));
          MixerWeights network = HigherResolution.of(start, size)) {
        Source source = start.asSource();
        boolean zeroHead = !start.used().containsValue("head/kernel");
        // Read before the folder is touched: they may be damaged.
        Images images = Images.read(input, dataset);
        input.settings().rates(images.train().size()); // refuses what makes no schedule
        ObjectNode config =
            RunConfig.toJson(input, zeroHead, network.config(), source, dataset, images);
        report.starting(
            images.train().size(),
            images.training().measured().size(),
            images.training().split(),
            classes,
            zeroHead);
        try (TrainingGraph graph = new TrainingGraph(network, input.settings(), images.train());
            RunFolder run = RunFolder.create(folder, config, source)) {
          return train(input, images, run, graph, RunState.START, config);
        }
      }
    }
  }

  /** Goes on with a run. */
  int resume(Path folder) throws IOException {
    ObjectNode config = RunInput.config(folder);
    RunInput input = RunInput.of(folder, config);
    if (Files.exists(folder.resolve(RunReport.HTML))) {
      out.println(folder + ": this run is finished; see " + folder.resolve(RunReport.HTML));
      out.flush();
      return Cli.DONE;
    }
    MixerConfig network = RunConfig.network(folder, config);
    Source source = RunConfig.source(config);
    try (TrainingCheckpoint saved = TrainingCheckpoint.latest(folder).orElse(null)) {
      if (saved == null) {
        checkWeights(input, source);
      }
      Dataset dataset = input.dataset(network.imageSize());
      Images images = Images.read(input, dataset);
      RunConfig.checkData(input, config, dataset, images);
      RunState state = saved == null ? RunState.START : saved.state();
      report.resuming(state.step(), input.settings().totalSteps(images.train().size()));
      try (MixerWeights start =
              saved == null ? startWeights(input, config, network) : saved.weights(network);
          TrainingGraph graph = new TrainingGraph(start, input.settings(), images.train())) {
        if (saved != null) {
          saved.restore(graph, start);
        }
        String measured = images.training().split();
        try (RunFolder run = RunFolder.resume(folder, source, state.step(), measured)) {
          return train(input, images, run, graph, state, config);
        }
      }
    }
  }

  private static void checkWeights(RunInput input, Source source) throws IOException {
    try (MixerCheckpoint file = MixerCheckpoint.open(input.weights())) {
      String found = file.asSource().sha256();
      if (!found.equals(source.sha256())) {
        throw new MixerException(
            "%s: expected the weights that the run started from, with SHA-256 %s, found %s"
                .formatted(input.weights(), source.sha256(), found));
      }
    }
  }

  private static MixerWeights startWeights(RunInput input, ObjectNode config, MixerConfig network)
      throws IOException {
    boolean zeroHead = config.path("weights").path("zero_head").booleanValue();
    MixerCheckpoint start =
        MixerCheckpoint.open(input.weights(), options(input, zeroHead ? network.classes() : null));
    return HigherResolution.of(start, network.imageSize());
  }

  private static ImportOptions options(RunInput input, Integer classes) {
    return new ImportOptions(
        classes, null, rgb(input.settings().mean()), rgb(input.settings().std()));
  }

  private static Rgb rgb(String text) {
    return text == null ? null : Rgb.parse(text);
  }

  /**
   * All images of a run.
   *
   * @param validation may be none
   */
  record Images(
      LabelledImages train, LabelledImages validation, LabelledImages test, List<String> names) {

    static Images read(RunInput input, Dataset dataset) throws IOException {
      return new Images(
          dataset.train(input.limitTrain()),
          dataset.validation(input.limitTest()),
          dataset.test(input.limitTest()),
          dataset.classNames());
    }

    /** What the training itself needs: it looks at test images only where none are held out. */
    Training.Images training() {
      return validation.size() > 0
          ? new Training.Images(train, validation, MetricsRow.VALIDATION, names)
          : new Training.Images(train, test, MetricsRow.TEST, names);
    }
  }

  private int train(
      RunInput input,
      Images images,
      RunFolder run,
      TrainingGraph graph,
      RunState state,
      ObjectNode config)
      throws IOException {
    try (StopSignal stop = new StopSignal(err)) {
      Training training =
          new Training(
              graph, input.settings(), images.training(), run, state, report, stop::isRequested);
      Training.End end = training.run();
      RunState ended = training.state();
      if (end == Training.End.INTERRUPTED) {
        print(
            "stopped after step %d; 'finetune-cifar train --resume %s' goes on",
            ended.step(), run.path());
        return StopSignal.EXIT_CODE;
      }
      if (end == Training.End.EARLY) {
        print("stopped early: no better accuracy since step %d", ended.bestStep());
      }
      String split = images.training().split();
      print(
          "%s accuracy: %.2f%% before, %.2f%% after, best %.2f%% after step %d",
          split, 100 * ended.before(), 100 * ended.latest(), 100 * ended.best(), ended.bestStep());
      if (!split.equals(MetricsRow.TEST)) {
        print("test accuracy: %.2f%%", 100 * training.measureOn(images.test()).accuracy());
      }
      print("weights: %s", run.file(RunFolder.BEST));
      report(input, images, run, ended, config);
      return Cli.DONE;
    } catch (DivergenceException e) {
      Cli.printError(err, e.getMessage());
      return Cli.CHECK_FAILED;
    }
  }

  /** On the best weights, since those are what one takes. */
  private void report(
      RunInput input, Images images, RunFolder run, RunState ended, ObjectNode config)
      throws IOException {
    try (MixerCheckpoint best = MixerCheckpoint.open(run.file(RunFolder.BEST));
        MixerClassifier classifier = new MixerClassifier(best)) {
      RecordedLogits network = new RecordedLogits(classifier::logits);
      try (TrainingReport.Bar bar = report.testing(images.test().size())) {
        Score.of(network, images.test(), input.settings().imagesAtOnce(), bar::advance);
      }
      long perEpoch = input.settings().stepsPerEpoch(images.train().size());
      RunSummary summary =
          new RunSummary(
              input.command(),
              config,
              RunFolder.BEST,
              (int) ((ended.bestStep() + perEpoch - 1) / perEpoch),
              ended.seconds());
      RunReport.write(
          run.path(), summary, network.scores(images.test(), images.names()), images.test());
      print("report: %s", run.file(RunReport.HTML));
    } catch (MixerException e) { // the training was not in vain where nothing can be drawn
      err.println("warning: " + e.getMessage());
      err.flush();
    }
  }

  private void print(String format, Object... args) {
    out.println(String.format(Locale.ROOT, format, args));
    out.flush();
  }
}
