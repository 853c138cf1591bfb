package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.chart.Pictures;
import dev.mixer4j.weights.command.Cli;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CompareCommandTest {

  @TempDir Path dir;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void makeRuns() throws IOException {
    Files.createDirectories(dir.resolve("a"));
    Files.writeString(
        dir.resolve("a/config.json"),
        """
        {"settings": {"seed": 1, "epochs": 2, "name": "one\\u001b[2J"}, "data": {"seed": 9},
         "versions": {"java": "17"}}""");
    Files.writeString(
        dir.resolve("a/metrics.csv"),
        """
        step,epoch,split,loss,accuracy,images_per_second
        0,0,test,2.3,0.9,10
        3,1,test,1.5,0.625,10
        6,2,test,1.25,0.5,10
        """);
    Files.writeString(dir.resolve("a/report.json"), "{\"seconds\": 3723}");
    Files.writeString(dir.resolve("a/final.h5"), "");
    Files.createDirectories(dir.resolve("b"));
    Files.writeString(
        dir.resolve("b/config.json"),
        """
        {"settings": {"seed": 2, "epochs": 2, "warmup": 5}, "data": {"seed": 8},
         "versions": {"java": "25"}}""");
    Files.writeString(
        dir.resolve("b/metrics.csv"),
        "step,split,loss,accuracy\n0,test,2.3,0.1\n4,train,1,0.1\n5,te");
  }

  private int run(Object... args) {
    CommandLine line = Cli.commandLine(new CompareCommand());
    line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(Arrays.stream(args).map(Object::toString).toArray(String[]::new));
  }

  @Test
  void showsWhatDiffersAndHowItWent() {
    assertThat(run(dir.resolve("a"), dir.resolve("b"))).as(err.toString()).isZero();
    assertThat(out.toString().lines().map(line -> line.replaceAll("  +", "|")))
        .containsExactly(
            "run|best|final|loss|images|steps|time|state|settings.seed|name|data.seed|warmup",
            dir.resolve("a") + "|62.50%|50.00%|1.2500|test|6|1:02:03|finished|1|one\\u001b[2J|9|-",
            dir.resolve("b") + "|-|-|-|-|4|-|unfinished|2|-|8|5",
            "accuracy and loss on the test images");
  }

  /** Then the test images are looked at once, at the end, and choose nothing. */
  @Test
  void imagesHeldOutAreWhatCounts() throws IOException {
    Files.writeString(
        dir.resolve("b/metrics.csv"),
        "step,split,loss,accuracy\n0,validation,2.3,0.1\n4,train,1,0.1\n4,validation,1.5,0.25\n"
            + "4,test,1.4,0.75\n");
    assertThat(run(dir.resolve("b"))).as(err.toString()).isZero();
    assertThat(out.toString()).contains("25.00%", "1.5000").doesNotContain("75.00%");
  }

  @Test
  void oneRunDiffersInNothing() {
    assertThat(run(dir.resolve("a"))).isZero();
    assertThat(out.toString().lines().findFirst().orElseThrow().replaceAll("  +", "|"))
        .isEqualTo("run|best|final|loss|time");
  }

  /** Texts that are long, follow from others or are for programs only. */
  @Test
  void showsNoHashesAndNoJson() throws IOException {
    for (String run : new String[] {"a", "b"}) {
      Files.writeString(
          dir.resolve(run + "/config.json"),
          """
          {"command": ["train", "%1$s"], "settings": {"learning_rate": 0.%1$s1,
           "optimizer": {"name": "adam%1$s"}}, "weights": {"path": "/w/%1$s.h5", "sha256": "f%1$s"},
           "network": {"family": "%1$s", "blocks": "%1$s"},
           "data": {"class_names": ["%1$s"], "train_images": "%1$s"}}"""
              .formatted(run.equals("a") ? "1" : "2"));
    }
    assertThat(run(dir.resolve("a"), dir.resolve("b"))).as(err.toString()).isZero();
    assertThat(out.toString().lines().findFirst().orElseThrow().replaceAll("  +", "|"))
        .isEqualTo("run|best|final|loss|images|steps|time|state|lr|optimizer|path|network");
  }

  @Test
  void csvAndMarkdown() throws IOException {
    assertThat(run("--csv", dir.resolve("a"))).isZero();
    assertThat(out.toString())
        .isEqualTo(
            "run,best,final,loss,time\n" + dir.resolve("a") + ",62.50%,50.00%,1.2500,1:02:03\n");
    out.getBuffer().setLength(0);
    assertThat(run("--markdown", dir.resolve("a"))).isZero();
    assertThat(out.toString().lines())
        .contains("| run | best | final | loss | time |", "| --- | --- | --- | --- | --- |");
    assertThat(run("--markdown", "--csv", dir.resolve("a"))).isEqualTo(2);
  }

  @Test
  void jsonHasEverything() throws IOException {
    assertThat(run("--json", dir.resolve("a"), dir.resolve("b"))).isZero();
    JsonNode runs = new JsonMapper().readTree(out.toString());
    JsonNode a = runs.get(0);
    assertThat(a.get("best_accuracy").asDouble()).isEqualTo(0.625);
    assertThat(a.get("best_step").asInt()).isEqualTo(3);
    assertThat(a.get("final_accuracy").asDouble()).isEqualTo(0.5);
    assertThat(a.get("final_loss").asDouble()).isEqualTo(1.25);
    assertThat(a.get("seconds").asInt()).isEqualTo(3723);
    assertThat(a.get("finished").asBoolean()).isTrue();
    assertThat(a.get("config").get("settings").get("seed").isInt()).isTrue();
    for (String unknown : new String[] {"best_accuracy", "best_step", "final_loss", "seconds"}) {
      assertThat(runs.get(1).get(unknown).isNull()).as(unknown).isTrue();
    }
    assertThat(runs.get(1).get("steps").asInt()).isEqualTo(4);
  }

  @Test
  void plotsAllRuns() throws IOException {
    Path plot = dir.resolve("plot.png");
    assertThat(run("--plot", plot, dir.resolve("a"), dir.resolve("b"))).isZero();
    BufferedImage picture = ImageIO.read(plot.toFile());
    assertThat(has(picture, Pictures.series(0).getRGB())).isTrue();
    assertThat(has(picture, Pictures.series(1).getRGB())).isTrue();
    assertThat(has(picture, Pictures.series(2).getRGB())).isFalse();
    assertThat(run("--plot", plot, dir.resolve("a"))).isEqualTo(2);
    assertThat(err.toString()).contains("plot.png: it is there already; --overwrite replaces it");
    assertThat(run("--plot", plot, "--overwrite", dir.resolve("a"))).isZero();
    assertThat(has(ImageIO.read(plot.toFile()), Pictures.series(1).getRGB())).isFalse();
    assertThat(run("--plot", dir.resolve("no/plot.png"), dir.resolve("a"))).isEqualTo(3);
  }

  private static boolean has(BufferedImage picture, int colour) {
    int[] pixels =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    return Arrays.stream(pixels).anyMatch(pixel -> pixel == colour);
  }

  @Test
  void toleratesARunThatHasJustBegun() throws IOException {
    Files.delete(dir.resolve("b/metrics.csv"));
    assertThat(run(dir.resolve("b"), "--plot", dir.resolve("p.png"))).isZero();
    Files.delete(dir.resolve("a/config.json"));
    assertThat(run(dir.resolve("a"))).isZero();
    assertThat(out.toString()).contains("62.50%");
  }

  @Test
  void saysWhatIsNoRun() throws IOException {
    assertThat(run(dir.resolve("a"), dir)).isEqualTo(3);
    assertThat(err.toString())
        .contains(dir + ": expected the folder of a run, with config.json and metrics.csv")
        .contains("found neither");
    assertThat(run(dir.resolve("nowhere"))).isEqualTo(3);
    assertThat(err.toString()).contains("found nothing there");
    Files.writeString(dir.resolve("a/config.json"), "{\"settings\":\n oops");
    assertThat(run(dir.resolve("a"))).isEqualTo(3);
    assertThat(err.toString()).contains("a/config.json: expected JSON, found damage at line 2");
    Files.writeString(dir.resolve("a/config.json"), "[]");
    assertThat(run(dir.resolve("a"))).isEqualTo(3);
    assertThat(err.toString()).contains("expected a JSON object");
    assertThat(run()).isEqualTo(2);
  }
}
