package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.MnistFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code study}, whose trainings are processes of their own. */
class StudyCommandTest {

  @TempDir Path dir;
  private Path data;
  private Path out;

  @BeforeEach
  void makeData() throws IOException {
    data = MnistFiles.write(dir.resolve("the data"));
    out = dir.resolve("the study");
  }

  private Path file(String vary) throws IOException {
    return Files.writeString(
        dir.resolve("s.json"),
        """
        {"base": {"model": "mlp", "hidden": "8", "epochs": 2, "batch_size": 20},
         "vary": {%s}}
        """
            .formatted(vary));
  }

  private Fixtures.Ran study(Object... options) {
    Object[] all = new Object[options.length + 1];
    all[0] = "study";
    System.arraycopy(options, 0, all, 1, options.length);
    return Fixtures.run(all);
  }

  @Test
  void makesWhatIsMissingAndShowsAll() throws IOException {
    Path file = file("\"learning_rate\": [0.001, 0.01], \"seed\": [1, 2]");
    Fixtures.Ran ran = study(file, "--data", data, "--out", out, "--jobs", 2);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("4 trainings, ", "1 of 4  learning_rate-0.001_seed-", "4 of 4");
    assertThat(ran.out().lines().map(line -> line.replaceAll("  +", "|")))
        .hasSize(4)
        .anyMatch(line -> line.matches("learning rate 0\\.01\\|.* ± .*\\|2\\|.*\\|6,370"))
        .contains("study: " + out.resolve("study.html"));
    assertThat(Files.readAllLines(out.resolve("study.csv")))
        .hasSize(5)
        .anyMatch(
            line ->
                line.startsWith("learning_rate-0.01_seed-2,\"learning rate 0.01\",0.")
                    && line.endsWith(",6370,\"finished\""));
    assertThat(Files.readString(out.resolve("study.html")))
        .contains("Accuracies are those of the test images")
        .contains(
            "<td>learning rate 0.01</td>",
            " ± ",
            "<strong>",
            "<svg role=\"img\"",
            "Chart of accuracy")
        .contains("4 of 4 trainings finished");
    Path run = out.resolve("runs/learning_rate-0.01_seed-1");
    byte[] weights = Files.readAllBytes(run.resolve("final.h5"));

    // A training that was killed goes on, one that is finished stays as it is.
    Path other = out.resolve("runs/learning_rate-0.01_seed-2");
    byte[] others = Files.readAllBytes(other.resolve("final.h5"));
    Files.delete(other.resolve("report.html"));
    var time = Files.getLastModifiedTime(run.resolve("final.h5"));
    Fixtures.Ran again = study("--resume", out, "--csv");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.out())
        .startsWith("training,final accuracy,best accuracy,trainings,time,parameters\n")
        .contains("\"6,370\"")
        .hasLineCount(3);
    assertThat(Files.getLastModifiedTime(run.resolve("final.h5"))).isEqualTo(time);
    assertThat(other.resolve("report.html")).exists();
    assertThat(Files.readAllBytes(other.resolve("final.h5"))).isEqualTo(others);

    // The same command continues too. A training alone gives the bits of one beside another.
    assertThat(study(file, "--data", data, "--out", out).code()).isZero();
    Path alone = dir.resolve("alone");
    Files.writeString(
        file, Files.readString(file).replace("0.001, 0.01", "0.01").replace("1, 2", "1"));
    assertThat(study(file, "--data", data, "--out", alone, "--jobs", 2).code()).isZero();
    assertThat(Files.readAllBytes(alone.resolve("runs/learning_rate-0.01_seed-1/final.h5")))
        .isEqualTo(weights);
  }

  @Test
  void aTrainingThatFailsDoesNotEndTheOthers() throws IOException {
    Path file = file("\"learning_rate\": [1e30, 0.01]");
    Fixtures.Ran ran = study(file, "--data", data, "--out", out);
    assertThat(ran.code()).as(ran.err()).isEqualTo(1);
    assertThat(ran.err()).contains("2 of 2  learning_rate-0.01  ");
    assertThat(Files.readString(out.resolve("study.html"))).contains("<h2>Failed</h2>");
    assertThat(Files.readString(out.resolve("study.csv"))).contains("\"failed: ");
  }

  @Test
  void wrongSettingsAreFoundBeforeAnythingIsTrained() throws IOException {
    Path file = file("\"seed\": [1], \"learning_rat\": [0.1]");
    assertRefused(
        study(file, "--data", data, "--out", out),
        2,
        "seed-1_learning_rat-0.1: there is no option --learning-rat; did you mean");
    file = file("\"learning_rate\": [-1]");
    assertRefused(study(file, "--data", data, "--out", out), 2, "learning_rate--1: ");
    assertRefused(
        study("none", "--data", data, "--out", out), 3, "expected epochs, learning-rates");
    assertRefused(study(file, "--data", data), 2, "Missing required option: '--out=DIR'");
    assertRefused(study(file, "--resume", out), 2, "--resume takes the study and its data");
    assertThat(out).doesNotExist();
  }

  private static void assertRefused(Fixtures.Ran ran, int code, String message) {
    assertThat(ran.code()).as(ran.err()).isEqualTo(code);
    assertThat(ran.err()).contains(message);
  }
}
