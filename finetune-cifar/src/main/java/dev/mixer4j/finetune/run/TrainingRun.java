package dev.mixer4j.finetune.run;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.optim.Schedule;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.progress.TrainingPlan;
import dev.mixer4j.finetune.report.Classifications;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.report.RunSummary;
import dev.mixer4j.finetune.run.TrainingLoop.Images;
import dev.mixer4j.finetune.session.TrainingDevices;
import dev.mixer4j.finetune.settings.Settings;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/** A whole run, from its start or its last checkpoint to its report. */
public final class TrainingRun {

  private final TrainingListener listener;
  private final Devices devices;
  private final TrainingDevices connection;

  public TrainingRun(TrainingListener listener, Devices devices) {
    this.listener = listener;
    this.devices = devices;
    this.connection = new TrainingDevices(devices);
  }

  /** Trains into a folder; the files of an earlier run there are replaced. */
  public FineTuningResult start(RunRequest asked, Path folder) throws IOException {
    ImageInput input = Start.input(asked);
    RunRequest request = asked.settled(input);
    Dataset dataset = request.dataset(input);
    if (asked.settings().validationFraction() == null
        && request.settings().validationFraction() > 0) {
      listener.note(
          "%s has no test images: %.0f%% of each class are held out to measure accuracy;"
                  .formatted(request.data(), 100 * request.settings().validationFraction())
              + " --validation-fraction changes that");
    }
    try (Start start = Start.open(request, dataset.classNames().size())) {
      // Read before the folder is changed: they may be damaged.
      Images images = images(request, dataset);
      request.settings().rates(images.train().size()); // checks the schedule
      if (!start.assumed().isEmpty()) {
        listener.warning(
            "%s does not say some settings of its network; assumed are %s"
                .formatted(request.weights(), String.join(", ", start.assumed())));
      }
      RunConfig config = RunConfig.of(request, start, dataset, images);
      begin(request, images, null, start.zeroHead());
      try (TrainingGraph graph =
              new TrainingGraph(start.weights(), request.settings(), images.train(), devices);
          RunFolder run = RunFolder.create(folder, Settings.toJson(config), config.info())) {
        return train(images, run, graph, RunState.START, config);
      }
    }
  }

  public FineTuningResult resume(Path folder) throws IOException {
    RunConfig config = RunConfig.read(folder);
    if (RunFolder.isFinished(folder)) {
      throw new MixerException(
          "%s: this run is finished; see %s".formatted(folder, folder.resolve(RunReport.HTML)));
    }
    return resume(folder, config, false);
  }

  /** Resumes a run, finished or not, to train for a longer time. */
  public FineTuningResult extend(Path folder, int epochs) throws IOException {
    RunConfig config = RunConfig.read(folder).extended(epochs);
    if (config.request().settings().schedule() != Schedule.Decay.CONSTANT) {
      listener.warning(
          "the learning rate now follows the schedule of %d epochs; the steps so far followed a"
                  .formatted(epochs)
              + " shorter one");
    }
    return resume(folder, config, true);
  }

  private FineTuningResult resume(Path folder, RunConfig config, boolean extended)
      throws IOException {
    RunRequest request = config.request();
    try (TrainingCheckpoint saved = TrainingCheckpoint.latest(folder).orElse(null);
        Weights weights =
            saved == null
                ? Start.again(config, request).weights()
                : saved.weights(config.trained())) {
      Dataset dataset = request.dataset(weights.network().input());
      Images images = images(request, dataset);
      config.checkData(request, dataset, images);
      RunState state = saved == null ? RunState.START : saved.state();
      Integer patience = request.settings().patience();
      if (extended && patience != null && state.sinceBest() >= patience) {
        state = state.patient();
      }
      long total = request.settings().totalSteps(images.train().size());
      if (state.step() > total) {
        throw new MixerException(
            "%s: has %d steps already, and so many epochs are %d; expected more --epochs"
                .formatted(folder, state.step(), total));
      }
      begin(request, images, state, config.weights().zeroHead());
      try (TrainingGraph graph =
          new TrainingGraph(weights, request.settings(), images.train(), devices)) {
        if (saved != null) {
          saved.restore(graph, weights);
        }
        try (RunFolder run =
            RunFolder.resume(
                folder, Settings.toJson(config), config.info(), state.step(), images.split())) {
          return train(images, run, graph, state, config);
        }
      }
    }
  }

  private Images images(RunRequest request, Dataset dataset) throws IOException {
    dataset.notes().forEach(listener::warning);
    LabelledImages train = dataset.train(request.limitTrain());
    LabelledImages validation = dataset.validation(request.limitTest());
    LabelledImages test =
        dataset.hasTest() || !dataset.hasValidation()
            ? dataset.test(request.limitTest())
            : LabelledImages.none();
    dataset.checkBroken(request.skipBroken(), listener::warning);
    if (train.size() == 0) {
      throw new MixerException(request.data() + ": expected images to train on, found none");
    }
    return new Images(train, validation, test, dataset.classNames());
  }

  /** Connects to the devices and announces the training; a new run has no state. */
  private void begin(RunRequest request, Images images, RunState resumed, boolean zeroHead) {
    connection.connect(listener::warning);
    TrainSettings settings = request.settings();
    int trained = images.train().size();
    listener.started(
        new TrainingPlan(
            resumed != null,
            resumed == null ? 0 : resumed.step(),
            settings.totalSteps(trained),
            settings.stepsPerEpoch(trained),
            settings.batchSize(),
            trained,
            images.measured().size(),
            images.split(),
            images.names(),
            request.model() != null,
            zeroHead));
  }

  private FineTuningResult train(
      Images images, RunFolder run, TrainingGraph graph, RunState state, RunConfig config)
      throws IOException {
    graph.withoutEffect().forEach(listener::warning);
    if (graph.idle() > 0) {
      listener.warning(
          "%d of the devices have no part of a batch; a smaller --micro-batch-size makes more parts"
              .formatted(graph.idle()));
    }
    TrainingLoop training = new TrainingLoop(graph, images, run, state, listener);
    FineTuningResult.End end = training.run();
    RunState ended = training.state();
    OptionalDouble heldOutTest = OptionalDouble.empty();
    Optional<Path> report = Optional.empty();
    if (end != FineTuningResult.End.INTERRUPTED) {
      try {
        Scored best = scoreBest(images, run, graph.settings());
        if (images.heldOutTest()) {
          training.testedBest(best.score);
          heldOutTest = OptionalDouble.of(best.score.accuracy());
        }
        RunReport.write(
            run.path(), summary(images, ended, config, training), best.scores, images.reported());
        report = Optional.of(run.file(RunReport.HTML));
      } catch (MixerException e) { // the training itself succeeded
        listener.warning(e.getMessage());
      }
    }
    return new FineTuningResult(
        run.path(),
        end,
        ended.step(),
        images.split(),
        ended.before(),
        ended.latest(),
        ended.bestStep() == 0 ? Double.NaN : ended.best(),
        ended.bestStep(),
        run.file(RunFolder.BEST),
        heldOutTest,
        report);
  }

  private record Scored(Measurement score, Classifications scores) {}

  /** Measures the best weights on the images of the report. */
  private Scored scoreBest(Images images, RunFolder run, TrainSettings settings)
      throws IOException {
    LabelledImages reported = images.reported();
    try (Checkpoint best = Checkpoint.open(run.file(RunFolder.BEST));
        ImageClassifier classifier = new ImageClassifier(best, best.info(), devices.first())) {
      RecordedLogits network = new RecordedLogits(classifier::logits);
      Measurement score =
          Measurement.of(
              network,
              reported,
              settings.imagesAtOnce(),
              settings.loss(),
              done -> listener.testing(done, reported.size()));
      return new Scored(score, network.scores(reported, images.names()));
    }
  }

  private static RunSummary summary(
      Images images, RunState ended, RunConfig config, TrainingLoop training) {
    return new RunSummary(
        config.command(),
        Settings.toJson(config),
        RunFolder.BEST,
        training.epoch(ended.bestStep()),
        images.reportedSplit(),
        ended.seconds());
  }
}
