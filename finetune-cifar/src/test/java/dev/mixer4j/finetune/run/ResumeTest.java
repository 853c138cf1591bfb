package dev.mixer4j.finetune.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.command.FinetuneCifar;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run that was cut off anywhere ends with the same bits as one that was not. */
class ResumeTest {

  @TempDir Path dir;
  private Path data;
  private Path weights;

  @BeforeEach
  void makeInputs() throws IOException {
    data = Fixtures.cifar(dir.resolve("data"));
    weights = Fixtures.weights(dir.resolve("w.h5"));
  }

  /** Everything that has a state or draws by chance, and steps that no interval divides. */
  private List<String> start(Path run, int epochs) {
    return List.of(
        ("train --learning-rate 1e-3 --batch-size 10 --micro-batch-size 4 --dropout 0.1 --mixup 0.3"
                + " --stochastic-depth 0.1 --crop-min-area 0.3 --ema-decay 0.9 --clip-norm 1"
                + " --schedule cosine --warmup-steps 3 --save-every 7 --eval-every 11 --log-every 4"
                + " --keep 2 --epochs %d --weights %s --data %s --out %s")
            .formatted(epochs, weights, data, run)
            .split(" "));
  }

  private static List<String> resume(Path run) {
    return List.of("train", "--resume", run.toString());
  }

  private Process process(List<String> args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
    command.add(FinetuneCifar.class.getName());
    command.addAll(args);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(dir.resolve("output.txt").toFile())
        .start();
  }

  private String output() throws IOException {
    return Files.readString(dir.resolve("output.txt"), StandardCharsets.UTF_8);
  }

  private static void assertSameEnd(Path run, Path expected) throws IOException {
    for (String file : List.of("final.h5", "best.h5")) {
      Map<String, float[]> wanted = Fixtures.read(expected.resolve(file));
      Fixtures.read(run.resolve(file))
          .forEach(
              (name, values) ->
                  assertThat(values).as("%s of %s", name, file).isEqualTo(wanted.get(name)));
    }
    assertThat(results(run)).isEqualTo(results(expected));
    assertThat(run.resolve("report.html")).exists();
  }

  /** All columns of the metrics but those that tell times. */
  private static List<String> results(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(row -> row.split(",", -1))
        .map(columns -> String.join(",", List.of(columns).subList(0, 6)))
        .toList();
  }

  /** With a constant learning rate, as if it had been given all epochs at first. */
  @Test
  void aFinishedRunIsExtended() throws Exception {
    Path whole = dir.resolve("whole");
    Path run = dir.resolve("run");
    for (Path each : List.of(whole, run)) {
      List<Object> args = new ArrayList<>(start(each, each == whole ? 5 : 2));
      args.set(args.indexOf("cosine"), "constant");
      Fixtures.Ran ran = Fixtures.run(args.toArray());
      assertThat(ran.code()).as(ran.err()).isZero();
    }
    Fixtures.Ran fewer = Fixtures.run("train", "--resume", run, "--epochs", 1);
    assertThat(fewer.code()).isEqualTo(3);
    assertThat(fewer.err()).contains("has 10 steps already, and so many epochs are 5");
    assertThat(run.resolve("report.html")).exists();
    Fixtures.Ran finished = Fixtures.run("train", "--resume", run);
    assertThat(finished.out()).contains("this run is finished", "--epochs N' trains it further");
    Fixtures.Ran longer = Fixtures.run("train", "--resume", run, "--epochs", 5);
    assertThat(longer.code()).as(longer.err()).isZero();
    assertThat(longer.err()).doesNotContain("schedule");
    Map<String, float[]> wanted = Fixtures.read(whole.resolve("final.h5"));
    Fixtures.read(run.resolve("final.h5"))
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(wanted.get(name)));
    String config = Files.readString(run.resolve("config.json"));
    assertThat(config).contains("\"--epochs\", \"5\"").doesNotContain("\"--epochs\", \"2\"");
  }

  @Test
  void aRunThatStoppedEarlyIsExtended() throws IOException {
    Path run = dir.resolve("run");
    Fixtures.Ran early =
        Fixtures.run(
            "train",
            "--weights",
            weights,
            "--data",
            data,
            "--out",
            run,
            "--learning-rate",
            1e-9,
            "--epochs",
            9,
            "--patience",
            2);
    assertThat(early.out()).as(early.err()).contains("stopped early");
    int before = results(run).size();
    Fixtures.Ran longer = Fixtures.run("train", "--resume", run, "--epochs", 12);
    assertThat(longer.code()).as(longer.err()).isZero();
    assertThat(results(run).size()).isGreaterThan(before + 2);
  }

  @Test
  void theScheduleOfALongerRunIsAnother() {
    Path run = dir.resolve("run");
    assertThat(Fixtures.run(start(run, 2).toArray()).code()).isZero();
    Fixtures.Ran longer = Fixtures.run("train", "--resume", run, "--epochs", 3);
    assertThat(longer.code()).as(longer.err()).isZero();
    assertThat(longer.err()).contains("now follows the schedule of 3 epochs");
  }

  @Test
  void killedAtRandomMoments() throws Exception {
    int epochs = 400;
    Path whole = dir.resolve("whole");
    assertThat(process(start(whole, epochs)).waitFor()).as(output()).isZero();
    Path run = dir.resolve("killed");
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int kills = 0;
    List<String> args = start(run, epochs);
    // From the start of the JVM to some seconds after; what a kill finds half-made must not matter.
    for (; kills < 4; kills++) {
      Process process = process(args);
      boolean ended = process.waitFor(500 + random.nextInt(3500), TimeUnit.MILLISECONDS);
      process.destroyForcibly().waitFor();
      if (ended) {
        assertThat(process.exitValue()).as(output()).isZero();
      }
      if (Files.exists(run.resolve("config.json"))) {
        args = resume(run);
      } else { // what the kill left there is not yet a run
        args = new ArrayList<>(start(run, epochs));
        args.add("--overwrite");
      }
    }
    assertThat(process(args).waitFor()).as("seed %d: %s", seed, output()).isZero();
    assertSameEnd(run, whole);
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // which has no signal to send
  void stopsInGoodOrderWhenAsked() throws Exception {
    int epochs = 2000;
    Path run = dir.resolve("stopped");
    Process process = process(start(run, epochs));
    while (!Files.exists(run.resolve("checkpoints")) && process.isAlive()) {
      Thread.sleep(20);
    }
    process.destroy(); // SIGTERM
    assertThat(process.waitFor()).as(output()).isEqualTo(130);
    assertThat(output())
        .contains("stopping after this step")
        .containsPattern(
            "stopped after step [0-9]+; 'finetune-cifar train --resume .*stopped' resumes");
    assertThat(run.resolve("final.h5")).doesNotExist();
    assertThat(run.resolve("checkpoints").toFile().list()).hasSizeBetween(1, 2);
  }

  /** Killed after config.json was written and before the first checkpoint. */
  @Test
  void beginsAnewBeforeTheFirstCheckpoint() throws IOException {
    Path whole = dir.resolve("whole");
    assertThat(Fixtures.run(start(whole, 2).toArray()).code()).isZero();
    Path run = Files.createDirectory(dir.resolve("young"));
    Files.copy(whole.resolve("config.json"), run.resolve("config.json"));
    Files.writeString(run.resolve("metrics.csv"), "step,epoch,split,loss,acc");
    Fixtures.Ran ran = Fixtures.run(resume(run).toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("no checkpoint yet: from the start");
    assertSameEnd(run, whole);
  }

  @Test
  void weightsThatChangedSinceAreRefused() throws IOException {
    Path whole = dir.resolve("whole");
    assertThat(Fixtures.run(start(whole, 1).toArray()).code()).isZero();
    Path run = Files.createDirectory(dir.resolve("young"));
    Files.copy(whole.resolve("config.json"), run.resolve("config.json"));
    Files.delete(weights);
    Fixtures.weights(weights, Fixtures.TINY.withClasses(2));
    Fixtures.Ran ran = Fixtures.run(resume(run).toArray());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("expected the weights that the run started from");
  }

  @Test
  void finishedRunAndNoRun() throws IOException {
    Path run = dir.resolve("whole");
    assertThat(Fixtures.run(start(run, 1).toArray()).code()).isZero();
    Fixtures.Ran ran = Fixtures.run(resume(run).toArray());
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("this run is finished");
    ran = Fixtures.run(resume(dir).toArray());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("expected a run to resume");
    ran = Fixtures.run("train", "--resume", run, "--seed", 3);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("not --seed too");
  }

  @Test
  void damagedCheckpointIsNamed() throws IOException {
    Path run = dir.resolve("whole");
    assertThat(Fixtures.run(start(run, 1).toArray()).code()).isZero();
    Files.delete(run.resolve("report.html"));
    Path checkpoint = run.resolve("checkpoints/step-000000005.safetensors");
    byte[] bytes = Files.readAllBytes(checkpoint);
    Files.write(checkpoint, Arrays.copyOf(bytes, bytes.length / 2));
    Fixtures.Ran ran = Fixtures.run(resume(run).toArray());
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains(checkpoint.toString());
  }

  /** A run that ended but for its report, whose metrics must not count anything twice. */
  private Path almostFinished(String... options) throws IOException {
    Path run = dir.resolve("whole");
    List<String> args = new ArrayList<>(start(run, 1));
    args.addAll(List.of(options));
    Fixtures.Ran ran = Fixtures.run(args.toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    Files.delete(run.resolve("report.html"));
    return run;
  }

  @Test
  void movedRunKeepsItsRows() throws IOException {
    Path run = almostFinished("--validation-fraction", "0.25");
    List<String> before = results(run);
    assertThat(before).last().asString().startsWith("4,1,test,");
    Path moved = Files.move(run, dir.resolve("moved"));
    Fixtures.Ran ran = Fixtures.run(resume(moved).toArray());
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(results(moved)).isEqualTo(before);
    assertThat(moved.resolve("report.html")).exists();
  }

  @Test
  void otherDataIsRefused() throws IOException {
    Path run = almostFinished();
    Files.delete(data.resolve("data_batch_2.bin"));
    assertRefused(run, data + ": expected the data that the run began with, of train_images 48");
  }

  @Test
  void otherSettingsAreRefused() throws IOException {
    Path run = almostFinished();
    Path config = run.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"ema_decay\" : 0.9,", ""));
    assertRefused(run, "is not part of this training's state; were the settings in config.json");
  }

  @Test
  void damagedMetricsAreNamed() throws IOException {
    Path run = almostFinished();
    Path metrics = run.resolve("metrics.csv");
    Files.writeString(metrics, Files.readString(metrics) + "\0\0\n");
    assertRefused(run, metrics + ": expected rows of step,epoch,split");
  }

  private static void assertRefused(Path run, String message) {
    Fixtures.Ran ran = Fixtures.run(resume(run).toArray());
    assertThat(ran.code()).as(ran.err()).isEqualTo(3);
    assertThat(ran.err()).contains(message);
  }
}
