package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FinetuneCifarTest {

  private static final String REQUIRED = "train --weights w.h5 --data d --out r ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--epochs 0",
        "--epochs two",
        "--batch-size -1",
        "--batch-size 1.5",
        "--learning-rate 0",
        "--learning-rate NaN",
        "--learning-rate Infinity",
        "--learning-rate fast",
        "--image-size 0",
        "--seed x",
        "--limit-train 0",
        "--limit-test 0",
        "--validation-fraction 1",
        "--validation-fraction half",
        "--split-seed x",
        "--log-every 0",
        "--mean 1,2",
        "--std 0",
        "--std 0.5,0.5,-1",
        "--momentum 0.9",
        "extra"
      })
  void refusesWrongUsage(String wrong) {
    Fixtures.Ran ran = Fixtures.run((Object[]) (REQUIRED + wrong).split(" "));
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err())
        .startsWith("error: ")
        .contains(wrong.split(" ")[0].replace("--", ""))
        .contains("\n");
    assertThat(ran.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "train --data d --out r, --weights",
    "train --weights w --out r, --data",
    "train --weights w --data d, --out",
    "evaluate --weights w, --data",
    "evaluate --data d, --weights",
    "predict --weights w, IMAGE",
    "predict x.png, --weights",
    "predict --weights w --top 0 x.png, --top",
    "evaluate --weights w --data d --limit-test -3, --limit-test",
    "export --weights w, --out",
    "export -o d, --weights",
    "export --weights w -o d --input pixels, --input",
    "export --weights w -o d --transform stretch, --transform",
    "download, NAME",
    "'', COMMAND"
  })
  void saysWhatIsMissing(String line, String missing) {
    Object[] args = line.isEmpty() ? new Object[0] : line.split(" ");
    Fixtures.Ran ran = Fixtures.run(args);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err().toLowerCase()).contains(missing.toLowerCase());
  }

  @Test
  void helpShowsTheDefaultsAndLoadsNoTensorFlow() throws IOException {
    Fixtures.Ran ran =
        Fixtures.java(List.of("-Xlog:class+load:stderr"), FinetuneCifar.class, "train", "--help");
    assertThat(ran.code()).isZero();
    assertThat(ran.err())
        .contains("picocli.CommandLine")
        .doesNotContain("org.tensorflow", "java.awt.", "org.jfree");
    assertThat(ran.out().replaceAll("\\s+", " "))
        .contains("The options below override them (default: adam, from scratch mnist-adam)")
        .contains("(default: 1024)")
        .contains("(default: 50)")
        .doesNotContain(String.valueOf(Integer.MAX_VALUE));
  }

  @Test
  void everyCommandHasHelpAndVersion() {
    for (String command :
        List.of("download", "train", "evaluate", "predict", "compare", "doctor")) {
      assertThat(Fixtures.run(command, "--help").out())
          .startsWith("Usage: finetune-cifar " + command);
    }
    assertThat(Fixtures.run("--help").out()).contains("train", "evaluate", "predict");
    assertThat(Fixtures.run("--version").out()).startsWith("Mixer4J ");
  }

  @Test
  void nothingIsDrawnUnasked(@TempDir Path dir) throws IOException {
    Path data = Fixtures.cifar(dir.resolve("data"));
    Path weights = Fixtures.weights(dir.resolve("w.h5"));
    Path run = Files.createDirectory(dir.resolve("run"));
    Files.writeString(run.resolve("metrics.csv"), "step,split,loss,accuracy\n1,test,1,0.5\n");
    for (List<Object> command :
        List.<List<Object>>of(
            List.of("evaluate", "--weights", weights, "--data", data), List.of("compare", run))) {
      Fixtures.Ran ran =
          Fixtures.java(List.of("-Xlog:class+load:stderr"), FinetuneCifar.class, command.toArray());
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(ran.err()).doesNotContain("java.awt.Font", "java.awt.Graphics", "org.jfree");
    }
  }

  @Test
  void drawsWithoutADisplay(@TempDir Path dir) throws IOException {
    Files.writeString(dir.resolve("metrics.csv"), "step,split,loss,accuracy\n1,test,1,0.5\n");
    Fixtures.Ran ran =
        Fixtures.java(
            List.of("-Djava.awt.headless=false"),
            FinetuneCifar.class,
            "compare",
            dir,
            "--plot",
            dir.resolve("plot.png"));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(dir.resolve("plot.png")).exists();
  }

  @Test
  void showsABarOnATerminal(@TempDir Path dir) throws IOException {
    Path data = Fixtures.cifar(dir.resolve("data"));
    Fixtures.Ran ran =
        Fixtures.java(
            List.of("-Dmixer4j.columns=120"),
            FinetuneCifar.class,
            "train",
            "--weights",
            Fixtures.weights(dir.resolve("w.h5")),
            "--data",
            data,
            "--out",
            dir.resolve("run"),
            "--epochs",
            1);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err())
        .contains("Epoch 1/1 100%", "48/48 images", "Testing 100%", "15/15 images")
        .containsPattern("loss [0-9.]+, accuracy [0-9.]+%, [0-9.]+ images/s")
        .contains("epoch 1/1  test: loss")
        .doesNotContain("step 3");
    assertThat(ran.out()).contains("test accuracy: ");
  }
}
