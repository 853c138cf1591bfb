package dev.mixer4j.finetune.run;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerClassifier;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.progress.TrainingPlan;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.report.RunSummary;
import dev.mixer4j.finetune.session.TrainingDevices;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import dev.mixer4j.weights.MixerCheckpoint;
import dev.mixer4j.weights.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** A run from its start, or from where it was interrupted, to its report. */
public final class TrainingRun {

  private final TrainingListener listener;
  private final Devices devices;
  private final TrainingDevices connection;

  public TrainingRun(TrainingListener listener, Devices devices) {
    this.listener = listener;
    this.devices = devices;
    this.connection = new TrainingDevices(devices);
  }

  /** Trains into a folder, whose files of an earlier run are replaced. */
  public FineTuningResult start(RunRequest input, Path folder) throws IOException {
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
        RunConfig config = RunConfig.of(input, zeroHead, network.config(), source, dataset, images);
        connection.connect(listener::warning);
        listener.started(plan(input, images, false, 0, zeroHead));
        try (TrainingGraph graph =
                new TrainingGraph(network, input.settings(), images.train(), devices);
            RunFolder run = RunFolder.create(folder, config.toJson(), source)) {
          return train(input, images, run, graph, RunState.START, config);
        }
      }
    }
  }

  /** Goes on with a run. */
  public FineTuningResult resume(Path folder) throws IOException {
    RunConfig config = RunConfig.read(folder);
    RunRequest input = config.request();
    if (RunFolder.isFinished(folder)) {
      throw new MixerException(
          "%s: this run is finished; see %s".formatted(folder, folder.resolve(RunReport.HTML)));
    }
    MixerConfig network = config.mixer();
    Source source = config.source();
    try (TrainingCheckpoint saved = TrainingCheckpoint.latest(folder).orElse(null)) {
      if (saved == null) {
        checkWeights(input, source);
      }
      Dataset dataset = input.dataset(network.imageSize());
      Images images = Images.read(input, dataset);
      config.checkData(input, dataset, images);
      RunState state = saved == null ? RunState.START : saved.state();
      connection.connect(listener::warning);
      listener.started(plan(input, images, true, state.step(), config.weights().zeroHead()));
      try (MixerWeights start =
              saved == null ? startWeights(input, config, network) : saved.weights(network);
          TrainingGraph graph =
              new TrainingGraph(start, input.settings(), images.train(), devices)) {
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

  private static void checkWeights(RunRequest input, Source source) throws IOException {
    try (MixerCheckpoint file = MixerCheckpoint.open(input.weights())) {
      String found = file.asSource().sha256();
      if (!found.equals(source.sha256())) {
        throw new MixerException(
            "%s: expected the weights that the run started from, with SHA-256 %s, found %s"
                .formatted(input.weights(), source.sha256(), found));
      }
    }
  }

  private static MixerWeights startWeights(RunRequest input, RunConfig config, MixerConfig network)
      throws IOException {
    MixerCheckpoint start =
        MixerCheckpoint.open(
            input.weights(),
            options(input, config.weights().zeroHead() ? network.classes() : null));
    return HigherResolution.of(start, network.imageSize());
  }

  private static TrainingPlan plan(
      RunRequest input, Images images, boolean resumed, long stepsDone, boolean zeroHead) {
    TrainSettings settings = input.settings();
    int trained = images.train().size();
    return new TrainingPlan(
        resumed,
        stepsDone,
        settings.totalSteps(trained),
        settings.stepsPerEpoch(trained),
        settings.batchSize(),
        trained,
        images.training().measured().size(),
        images.training().split(),
        images.names(),
        zeroHead);
  }

  private static ImportOptions options(RunRequest input, Integer classes) {
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
  public record Images(
      LabelledImages train, LabelledImages validation, LabelledImages test, List<String> names) {

    static Images read(RunRequest input, Dataset dataset) throws IOException {
      return new Images(
          dataset.train(input.limitTrain()),
          dataset.validation(input.limitTest()),
          dataset.test(input.limitTest()),
          dataset.classNames());
    }

    /** What the training itself needs: it looks at test images only where none are held out. */
    TrainingLoop.Images training() {
      return validation.size() > 0
          ? new TrainingLoop.Images(train, validation, MetricsRow.VALIDATION, names)
          : new TrainingLoop.Images(train, test, MetricsRow.TEST, names);
    }
  }

  private FineTuningResult train(
      RunRequest input,
      Images images,
      RunFolder run,
      TrainingGraph graph,
      RunState state,
      RunConfig config)
      throws IOException {
    if (graph.idle() > 0) {
      listener.warning(
          "%d of the devices have no part of a batch; a smaller --micro-batch-size makes more parts"
              .formatted(graph.idle()));
    }
    TrainingLoop training = new TrainingLoop(graph, images.training(), run, state, listener);
    FineTuningResult.End end = training.run();
    RunState ended = training.state();
    String split = images.training().split();
    OptionalDouble heldOutTest = OptionalDouble.empty();
    Optional<Path> report = Optional.empty();
    if (end != FineTuningResult.End.INTERRUPTED) {
      if (!split.equals(MetricsRow.TEST)) {
        heldOutTest = OptionalDouble.of(training.measureOn(images.test()).accuracy());
      }
      report = report(input, images, run, ended, config, graph.settings().imagesAtOnce());
    }
    return new FineTuningResult(
        run.path(),
        end,
        ended.step(),
        split,
        ended.before(),
        ended.latest(),
        ended.bestStep() == 0 ? Double.NaN : ended.best(),
        ended.bestStep(),
        run.file(RunFolder.BEST),
        heldOutTest,
        report);
  }

  /** On the best weights, since those are what one takes. */
  private Optional<Path> report(
      RunRequest input,
      Images images,
      RunFolder run,
      RunState ended,
      RunConfig config,
      int imagesAtOnce)
      throws IOException {
    LabelledImages test = images.test();
    try (MixerCheckpoint best = MixerCheckpoint.open(run.file(RunFolder.BEST));
        MixerClassifier classifier =
            new MixerClassifier(best, ImageTransform.FIT, devices.first())) {
      RecordedLogits network = new RecordedLogits(classifier::logits);
      Measurement.of(network, test, imagesAtOnce, done -> listener.testing(done, test.size()));
      long perEpoch = input.settings().stepsPerEpoch(images.train().size());
      RunSummary summary =
          new RunSummary(
              input.command(),
              config.toJson(),
              RunFolder.BEST,
              (int) ((ended.bestStep() + perEpoch - 1) / perEpoch),
              ended.seconds());
      RunReport.write(run.path(), summary, network.scores(test, images.names()), test);
      return Optional.of(run.file(RunReport.HTML));
    } catch (MixerException e) { // the training was not in vain where nothing can be drawn
      listener.warning(e.getMessage());
      return Optional.empty();
    }
  }
}
