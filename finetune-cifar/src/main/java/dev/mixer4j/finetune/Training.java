package dev.mixer4j.finetune;

import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.finetune.data.LabelledImages;
import java.io.IOException;
import java.util.List;
import org.tensorflow.types.TUint8;

/** A training run from its first step to its last. */
final class Training {

  /**
   * How it went, measured on the test images.
   *
   * @param before accuracy of the weights it started from
   * @param after accuracy after the last epoch
   * @param best the highest accuracy after an epoch
   * @param bestEpoch that epoch, counting from 1
   */
  record Outcome(double before, double after, double best, int bestEpoch) {}

  private final TrainingGraph graph;
  private final TrainSettings settings;
  private final LabelledImages train;
  private final LabelledImages test;
  private final List<String> classNames;
  private final RunFolder run;
  private final TrainingReport report;

  Training(
      TrainingGraph graph,
      TrainSettings settings,
      LabelledImages train,
      LabelledImages test,
      List<String> classNames,
      RunFolder run,
      TrainingReport report) {
    this.graph = graph;
    this.settings = settings;
    this.train = train;
    this.test = test;
    this.classNames = classNames;
    this.run = run;
    this.report = report;
  }

  /**
   * Trains, and writes the run's metrics and weights on the way.
   *
   * @throws DivergenceException if a loss is not finite; the best weights so far are kept
   */
  Outcome run() throws IOException, DivergenceException {
    double before = evaluate(0).accuracy();
    double best = -1;
    int bestEpoch = 0;
    double after = before;
    for (int epoch = 1; epoch <= settings.epochs(); epoch++) {
      trainEpoch(epoch);
      after = evaluate(epoch).accuracy();
      if (after > best) {
        best = after;
        bestEpoch = epoch;
        write(RunFolder.BEST);
      }
    }
    write(RunFolder.FINAL);
    return new Outcome(before, after, best, bestEpoch);
  }

  private void trainEpoch(int epoch) throws IOException, DivergenceException {
    EpochPlan plan =
        EpochPlan.of(settings.seed(), epoch, train.size(), settings.shuffle(), settings.augment());
    try (TrainingReport.Phase phase = report.training(epoch, train.size())) {
      Score score = new Score();
      for (int from = 0; from < train.size(); ) {
        int to = (int) Math.min((long) from + settings.batchSize(), train.size());
        step(plan, from, to, score);
        requireFinite(score, "loss");
        phase.advance(to - from, score);
        from = to;
        // A row never spans epochs, so that every step is in exactly one.
        if (graph.steps() % settings.logEvery() == 0 || from == train.size()) {
          run.row(graph.steps(), epoch, "train", score);
          phase.row(graph.steps(), score);
          score = new Score();
        }
      }
    }
  }

  private void step(EpochPlan plan, int from, int to, Score score) {
    long start = System.nanoTime();
    int[] indices = plan.order(from, to);
    int[] labels = train.labels(indices);
    try (TUint8 pixels = train.pixels(indices)) {
      TrainingGraph.Step step =
          graph.step(
              pixels, labels, plan.flips(from, to), settings.learningRate(), settings.seed());
      score.add(step.loss(), step.logits(), labels, System.nanoTime() - start);
    }
  }

  private Score evaluate(int epoch) throws IOException, DivergenceException {
    Score score;
    try (TrainingReport.Phase phase = report.testing(epoch, test.size())) {
      score = Score.of(graph::logits, test, settings.batchSize(), n -> phase.advance(n, null));
    }
    requireFinite(score, "loss on the test images");
    run.row(graph.steps(), epoch, "test", score);
    report.tested(epoch, score);
    return score;
  }

  private void requireFinite(Score score, String what) throws DivergenceException {
    if (!Double.isFinite(score.loss())) {
      throw new DivergenceException(
          "step %d: expected a finite %s, found %s; try a lower --learning-rate"
              .formatted(graph.steps(), what, score.loss()));
    }
  }

  private void write(String name) throws IOException {
    try (MixerWeights weights = graph.snapshot(classNames)) {
      run.write(name, weights);
    }
  }
}
