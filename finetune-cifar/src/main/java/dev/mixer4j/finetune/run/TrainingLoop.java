package dev.mixer4j.finetune.run;

import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.BatchFeeder;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.finetune.optim.Schedule;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.FineTuningResult.End;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/** The steps of a run, from the current one to the last. */
final class TrainingLoop {

  /** All images of a run; there may be no validation images. */
  record Images(
      LabelledImages train, LabelledImages validation, LabelledImages test, List<String> names) {

    /** The images that choose the best weights: the test images only if none are held out. */
    LabelledImages measured() {
      return validation.size() > 0 ? validation : test;
    }

    String split() {
      return validation.size() > 0 ? MetricsRow.VALIDATION : MetricsRow.TEST;
    }

    /** Whether there are test images that did not choose the best weights. */
    boolean heldOutTest() {
      return validation.size() > 0 && test.size() > 0;
    }

    /** The images of the report. */
    LabelledImages reported() {
      return test.size() > 0 ? test : validation;
    }

    String reportedSplit() {
      return test.size() > 0 ? MetricsRow.TEST : MetricsRow.VALIDATION;
    }
  }

  private static final String REMEDY = "; try a lower --learning-rate, or --clip-norm 1";

  /** How often the loss is fetched between rows, for the listener. */
  private static final long PACE_NANOS = 1_000_000_000;

  private final TrainingGraph graph;
  private final TrainSettings settings;
  private final Images images;
  private final RunFolder run;
  private final TrainingListener listener;
  private final long total;
  private final Schedule rates;
  private final long start = System.nanoTime();
  private final double secondsBefore;
  private RunState state;
  private Measurement score = new Measurement();
  private Measurement seen = score; // what the listener gets
  private long imagesSinceRow;
  private long lastRead = System.nanoTime() - PACE_NANOS;

  TrainingLoop(
      TrainingGraph graph,
      Images images,
      RunFolder run,
      RunState state,
      TrainingListener listener) {
    this.graph = graph;
    this.settings = graph.settings();
    this.images = images;
    this.run = run;
    this.state = state;
    this.listener = listener;
    this.total = settings.totalSteps(images.train.size());
    this.rates = settings.rates(images.train.size());
    this.secondsBefore = state.seconds();
  }

  RunState state() {
    return state;
  }

  /** Trains and writes all files; {@link DivergenceException} if a loss is not finite. */
  End run() throws IOException {
    if (Double.isNaN(state.before())) {
      state = state.started(measure(images.measured(), images.split(), 0).accuracy());
    }
    End end = outOfPatience() ? End.EARLY : train();
    if (end != End.INTERRUPTED) {
      write(RunFolder.FINAL);
    }
    return end;
  }

  private End train() throws IOException {
    try (BatchFeeder feeder = new BatchFeeder(images.train, settings, state.step(), total)) {
      long perEpoch = settings.stepsPerEpoch(images.train.size());
      while (state.step() < total) {
        int epoch;
        int count;
        try (Batch batch = feeder.next()) {
          epoch = batch.epoch();
          step(batch, feeder.waited());
          count = batch.images();
        }
        boolean last = state.step() == total;
        boolean epochEnds = last || state.step() % perEpoch == 0;
        boolean measure = last || due(settings.evalEvery(), epochEnds);
        boolean save = last || due(settings.saveEvery(), measure);
        // A row never spans epochs or checkpoints, after which a resumed run begins a new row.
        boolean row = epochEnds || save || state.step() % settings.logEvery() == 0;
        if (row || System.nanoTime() - lastRead >= PACE_NANOS) {
          read();
        }
        listener.step(state.step(), count, seen.loss(), seen.accuracy());
        boolean leave = listener.stopRequested() && !last;
        if (row || leave) {
          read();
          row(epoch);
        }
        if (measure) {
          measured(epoch);
        }
        if (save || leave) {
          save();
        }
        if (leave) {
          return End.INTERRUPTED;
        }
        if (measure && outOfPatience()) {
          return End.EARLY;
        }
      }
    }
    return End.FINISHED;
  }

  private boolean due(Long every, boolean otherwise) {
    return every == null ? otherwise : state.step() % every == 0;
  }

  private boolean outOfPatience() {
    return settings.patience() != null && state.sinceBest() >= settings.patience();
  }

  private void step(Batch batch, long waited) throws IOException {
    long begun = System.nanoTime();
    try {
      graph.step(batch, rates.at(state.step()), settings.seed(), imagesSinceRow == 0);
    } catch (DivergenceException e) {
      throw new DivergenceException(e.getMessage() + "; " + keepLastGood());
    }
    imagesSinceRow += batch.images();
    score.addTime(System.nanoTime() - begun + waited, waited);
    state = state.at(graph.steps(), secondsBefore + (System.nanoTime() - start) / 1e9);
  }

  /** Fetches the totals so far, if that was not done. */
  private void read() {
    if (score.images() == imagesSinceRow) {
      return;
    }
    long begun = System.nanoTime();
    score.set(graph.totals(), imagesSinceRow);
    lastRead = System.nanoTime();
    score.addTime(lastRead - begun, 0);
    seen = score;
  }

  private void row(int epoch) throws IOException {
    row(
        new MetricsRow(
            state.step(),
            epoch,
            MetricsRow.TRAIN,
            score.loss(),
            score.accuracy(),
            rates.at(state.step() - 1),
            score.imagesPerSecond(),
            score.waitShare()));
    score = new Measurement();
    imagesSinceRow = 0;
  }

  private void row(MetricsRow row) throws IOException {
    run.row(row);
    listener.row(row);
  }

  private void measured(int epoch) throws IOException {
    Measurement found = measure(images.measured(), images.split(), epoch);
    RunState after = state.measured(found.accuracy());
    if (after.bestStep() == after.step()) {
      write(RunFolder.BEST);
    }
    state = after;
  }

  /** Adds the row of the best weights on the test images, once at the end. */
  void testedBest(Measurement found) throws IOException {
    row(measurement(state.bestStep(), epoch(state.bestStep()), MetricsRow.TEST, found));
  }

  /** The epoch of an update, from 1. */
  int epoch(long step) {
    return (int) ((step - 1) / settings.stepsPerEpoch(images.train.size()) + 1);
  }

  private Measurement measure(LabelledImages on, String split, int epoch) throws IOException {
    Measurement found =
        Measurement.of(
            graph::logits,
            on,
            settings.imagesAtOnce(),
            settings.loss(),
            done -> listener.testing(done, on.size()));
    if (!Double.isFinite(found.loss())) {
      throw new DivergenceException(
          "step %d: expected a finite loss on the %s images, found %s; try a lower --learning-rate"
              .formatted(state.step(), split, found.loss()));
    }
    row(measurement(state.step(), epoch, split, found));
    return found;
  }

  private static MetricsRow measurement(long step, int epoch, String split, Measurement found) {
    return new MetricsRow(
        step,
        epoch,
        split,
        found.loss(),
        found.accuracy(),
        Double.NaN,
        found.imagesPerSecond(),
        Double.NaN);
  }

  /** Saves the weights before a failed step; returns a text that says where good weights are. */
  private String keepLastGood() throws IOException {
    try (Weights weights = graph.snapshot()) {
      if (isFinite(weights)) {
        run.write(RunFolder.LAST_GOOD, weights);
        return "the weights of before are in " + run.file(RunFolder.LAST_GOOD) + REMEDY;
      }
    }
    return "the update before it broke the weights; what was saved earlier stays in "
        + run.path()
        + REMEDY;
  }

  private static boolean isFinite(Weights weights) {
    for (Map.Entry<String, Shape> variable : weights.network().shapes().entrySet()) {
      FloatBuffer values = FloatBuffer.allocate((int) variable.getValue().size());
      weights.read(variable.getKey(), values);
      for (float value : values.array()) {
        if (!Float.isFinite(value)) {
          return false;
        }
      }
    }
    return true;
  }

  private void save() throws IOException {
    try (Weights weights = graph.weights();
        NamedTensors variables = graph.state()) {
      // Finite gradients may still break the weights; keep the good checkpoint then.
      if (!isFinite(weights)) {
        throw new DivergenceException(
            "step %d: its update made weights that are not finite; what was saved earlier stays in %s%s"
                .formatted(state.step(), run.path(), REMEDY));
      }
      TrainingCheckpoint.write(run.path(), state, weights, variables, settings.keep());
    }
  }

  private void write(String name) throws IOException {
    try (Weights weights = graph.snapshot()) {
      run.write(name, weights);
    }
  }
}
