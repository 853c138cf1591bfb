package dev.mixer4j.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerFileException;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.progress.TrainingPlan;
import dev.mixer4j.weights.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training from Java, beside the command, which has tests of its own. */
class FineTuningTest {

  @TempDir Path dir;
  private Path data;
  private Path weights;

  @BeforeEach
  void makeInputs() throws IOException {
    data = Fixtures.cifar(dir.resolve("data"));
    weights = Fixtures.weights(dir.resolve("w.h5"));
  }

  private FineTuning tuning() {
    return FineTuning.of(weights, data).set("learning_rate", 0.01).set("epochs", 3);
  }

  private static Map<String, float[]> finalWeights(Path run) throws IOException {
    return Fixtures.read(run.resolve("final.h5"));
  }

  private static void assertEqualWeights(Path a, Path b) throws IOException {
    Map<String, float[]> expected = finalWeights(b);
    finalWeights(a).forEach((name, values) -> assertThat(values).isEqualTo(expected.get(name)));
  }

  /** Remembers what it is told, and stops after a step. */
  private static final class Recorder implements TrainingListener {
    private final long last;
    private final List<MetricsRow> rows = new ArrayList<>();
    private final List<Integer> tested = new ArrayList<>();
    private TrainingPlan plan;
    private long steps;
    private double loss;
    private final List<Double> losses = new ArrayList<>();

    private Recorder(long last) {
      this.last = last;
    }

    @Override
    public void started(TrainingPlan begun) {
      plan = begun;
    }

    @Override
    public void step(long step, int images, double stepLoss, double accuracy) {
      assertThat(images).isEqualTo(16);
      assertThat(accuracy).isBetween(0.0, 1.0);
      steps = step;
      loss = stepLoss;
      losses.add(stepLoss);
    }

    @Override
    public void testing(int done, int images) {
      assertThat(images).isEqualTo(15);
      tested.add(done);
    }

    @Override
    public void row(MetricsRow row) {
      rows.add(row);
    }

    @Override
    public boolean stopRequested() {
      return steps >= last;
    }
  }

  @Test
  void doesWhatTheCommandDoes() throws IOException {
    Path commands = dir.resolve("command's");
    Fixtures.Ran ran =
        Fixtures.run(
            (Object[])
                ("train --weights %s --data %s --out %s --learning-rate 0.01 --epochs 3"
                        + " --clip-norm 1 --optimizer momentum --momentum 0.8 --limit-train 32")
                    .formatted(weights, data, commands)
                    .split(" "));
    assertThat(ran.code()).as(ran.err()).isZero();
    Path out = dir.resolve("deep/run");
    FineTuningResult result =
        tuning()
            .set("clip_norm", 1)
            .set("optimizer", Map.of("name", "momentum", "momentum", 0.8))
            .limitTrain(32)
            .run(out, TrainingListener.NONE);
    assertEqualWeights(out, commands);
    assertThat(result.folder()).isEqualTo(out);
    assertThat(result.end()).isEqualTo(FineTuningResult.End.FINISHED);
    assertThat(result.steps()).isEqualTo(6);
    assertThat(result.split()).isEqualTo("test");
    assertThat(result.heldOutTest()).isEmpty();
    assertThat(result.report()).contains(out.resolve("report.html"));
    assertThat(ran.out())
        .startsWith(
            "test accuracy: %.2f%% before, %.2f%% after, best %.2f%% after step %d\n"
                .formatted(
                    100 * result.before(),
                    100 * result.after(),
                    100 * result.best(),
                    result.bestStep()));
    try (ImageClassifier classifier = ImageClassifier.load(result.weights())) {
      assertThat(classifier.classNames()).isEqualTo(Fixtures.NAMES);
    }
  }

  @Test
  void listenerHearsAllOfIt() throws IOException {
    Recorder recorder = new Recorder(Long.MAX_VALUE);
    FineTuningResult result =
        tuning()
            .set("validation_fraction", 1 / 3.0)
            .set("log_every", 1)
            .limitTest(15)
            .run(dir.resolve("run"), recorder);
    assertThat(recorder.plan)
        .isEqualTo(
            new TrainingPlan(
                false,
                0,
                6,
                2,
                16,
                32,
                15,
                "validation",
                Fixtures.NAMES,
                false,
                recorder.plan.newHead()));
    assertThat(recorder.plan.epochs()).isEqualTo(3);
    assertThat(recorder.steps).isEqualTo(6);
    assertThat(recorder.loss).isBetween(0.0, 1.2);
    assertThat(recorder.losses)
        .as("each step's is its row's")
        .isEqualTo(
            recorder.rows.stream()
                .filter(row -> row.split().equals(MetricsRow.TRAIN))
                .map(MetricsRow::loss)
                .toList());
    assertThat(recorder.rows)
        .extracting(MetricsRow::split)
        .containsExactly(
            ("validation train train validation train train validation train train validation test")
                .split(" "));
    assertThat(recorder.rows.get(10).accuracy()).isEqualTo(result.heldOutTest().orElseThrow());
    assertThat(recorder.rows.get(0).accuracy()).isEqualTo(result.before());
    assertThat(recorder.tested).startsWith(0, 15).endsWith(0, 15).hasSize(2 * 5);
  }

  @Test
  void stopsAndGoesOn() throws IOException {
    Path whole = dir.resolve("whole");
    tuning().run(whole, TrainingListener.NONE);
    Path out = dir.resolve("run");
    FineTuningResult first = tuning().run(out, new Recorder(4));
    assertThat(first.end()).isEqualTo(FineTuningResult.End.INTERRUPTED);
    assertThat(first.steps()).isEqualTo(4);
    assertThat(first.report()).isEmpty();
    assertThat(FineTuning.isFinished(out)).isFalse();
    Recorder rest = new Recorder(Long.MAX_VALUE);
    FineTuningResult second = FineTuning.resume(out, rest);
    assertThat(second.end()).isEqualTo(FineTuningResult.End.FINISHED);
    assertThat(rest.plan.resumed()).isTrue();
    assertThat(rest.plan.stepsDone()).isEqualTo(4);
    assertThat(FineTuning.isFinished(out)).isTrue();
    assertEqualWeights(out, whole);
    assertThatThrownBy(() -> FineTuning.resume(out, rest))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("this run is finished; see");
  }

  @Test
  void interruptedBeforeAnyMeasurementHasNoBest() {
    FineTuningResult result = tuning().run(dir.resolve("run"), new Recorder(1));
    assertThat(result.best()).isNaN();
    assertThat(result.bestStep()).isZero();
    assertThat(result.before()).isBetween(0.0, 1.0);
    assertThat(result.weights()).doesNotExist();
  }

  /** What the report shows under «Repeat it» does just that. */
  @Test
  void reportTellsACommandThatRepeatsIt() throws IOException {
    Path out = dir.resolve("run");
    tuning().limitTest(9).set("seed", 5).run(out, TrainingListener.NONE);
    String command =
        new JsonMapper().readTree(out.resolve("report.json").toFile()).path("command").asText();
    assertThat(command).startsWith("finetune-cifar train ");
    Fixtures.Ran ran = Fixtures.run((Object[]) command.substring(15).split(" "));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertEqualWeights(out, dir.resolve("run-again"));
  }

  @Test
  void refusalsAreExceptions() throws IOException {
    Path out = dir.resolve("run");
    assertThatThrownBy(() -> tuning().set("epoch", 3).run(out, TrainingListener.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("recipe adam with these settings: there is no setting epoch");
    assertThatThrownBy(() -> tuning().set("epochs", "many").run(out, TrainingListener.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("epochs");
    assertThatThrownBy(() -> tuning().limitTrain(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> FineTuning.of(dir.resolve("no.h5"), data).run(out, TrainingListener.NONE))
        .isInstanceOf(MixerFileException.class)
        .hasMessageEndingWith("no.h5: no such file");
    assertThatThrownBy(
            () -> FineTuning.of(weights, dir.resolve("none")).run(out, TrainingListener.NONE))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("found no such folder or archive");
    assertThatThrownBy(() -> FineTuning.resume(dir.resolve("none"), TrainingListener.NONE))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("expected a run to resume");
    assertThat(out).doesNotExist();
    Files.createDirectories(out);
    Files.writeString(out.resolve("mine.txt"), "mine");
    assertThatThrownBy(() -> tuning().run(out, TrainingListener.NONE))
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("run: expected a new or empty folder, found one with files");
    assertThat(tuning().overwrite(true).run(out, TrainingListener.NONE).steps()).isEqualTo(9);
    assertThat(out.resolve("mine.txt")).exists();
    assertThatThrownBy(
            () ->
                FineTuning.of(out.resolve("best.h5"), data)
                    .overwrite(true)
                    .run(out, TrainingListener.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name another folder");
  }

  @Test
  void divergenceIsAnExceptionOfItsOwn() {
    Path out = dir.resolve("run");
    assertThatThrownBy(() -> tuning().set("learning_rate", 1e30).run(out, TrainingListener.NONE))
        .isInstanceOf(DivergenceException.class)
        .isInstanceOf(MixerException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void printsNothing() {
    PrintStream realOut = System.out;
    PrintStream realErr = System.err;
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    System.setProperty("mixer4j.columns", "80"); // as on a terminal
    System.setOut(new PrintStream(shown));
    System.setErr(new PrintStream(shown));
    try {
      tuning().run(dir.resolve("run"), TrainingListener.NONE);
    } finally {
      System.setOut(realOut);
      System.setErr(realErr);
      System.clearProperty("mixer4j.columns");
    }
    assertThat(shown.toString()).isEmpty();
  }

  @Test
  void imageSizeGrowsTheNetwork() throws IOException {
    FineTuningResult result = tuning().imageSize(64).run(dir.resolve("run"), TrainingListener.NONE);
    try (Checkpoint best = Checkpoint.open(result.weights())) {
      assertThat(best.network().input().size()).isEqualTo(64);
    }
  }
}
