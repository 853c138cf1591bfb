package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.Fixtures;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {

  @TempDir Path dir;
  private Path data;
  private Path weights;

  @BeforeEach
  void makeInputs() throws IOException {
    data = Fixtures.cifar(dir.resolve("data"));
    weights = Fixtures.weights(dir.resolve("w.h5"));
  }

  @Test
  void measuresAZeroHead() throws IOException {
    Fixtures.Ran ran = Fixtures.run("evaluate", "--weights", weights, "--data", data);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .matches("accuracy 33\\.33%, cross-entropy 1\\.0986, 15 test images, [0-9.]+ images/s\n");
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void jsonAgreesWithTheTrainingsLastRow() throws IOException {
    Path out = dir.resolve("run");
    assertThat(
            Fixtures.run(
                    "train",
                    "--weights",
                    weights,
                    "--data",
                    data,
                    "--out",
                    out,
                    "--learning-rate",
                    0.003)
                .code())
        .isZero();
    String[] row = Files.readAllLines(out.resolve("metrics.csv")).get(5).split(",");
    assertThat(row).startsWith("6", "2", "test");
    for (int batch : new int[] {1, 4, 100}) {
      JsonNode json = evaluate(out.resolve("final.h5"), "--batch-size", batch);
      assertThat(json.get("accuracy").asDouble())
          .isCloseTo(Double.parseDouble(row[4]), Offset.offset(1e-6));
      assertThat(json.get("loss").asDouble())
          .isCloseTo(Double.parseDouble(row[3]), Offset.offset(1e-5));
      assertThat(json.get("images").asInt()).isEqualTo(15);
      assertThat(json.get("classes").asInt()).isEqualTo(3);
      assertThat(json.get("seconds").asDouble()).isPositive();
      assertThat(json.get("images_per_second").asDouble())
          .isCloseTo(15 / json.get("seconds").asDouble(), Offset.offset(1e-6));
    }
  }

  private JsonNode evaluate(Path file, Object... options) throws IOException {
    Object[] args = new Object[6 + options.length];
    Object[] fixed = {"evaluate", "--weights", file, "--data", data, "--json"};
    System.arraycopy(fixed, 0, args, 0, 6);
    System.arraycopy(options, 0, args, 6, options.length);
    Fixtures.Ran ran = Fixtures.run(args);
    assertThat(ran.code()).as(ran.err()).isZero();
    return new JsonMapper().readTree(ran.out());
  }

  @Test
  void limitTakesTheFirstImages() throws IOException {
    assertThat(evaluate(weights, "--limit-test", 4).get("accuracy").asDouble())
        .as("labels 0, 1, 2, 0, and a zero head that says 0")
        .isEqualTo(0.5);
  }

  @Test
  void refusesBatchesOfNothing() {
    Fixtures.Ran ran =
        Fixtures.run("evaluate", "--weights", weights, "--data", data, "--batch-size", 0);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("'--batch-size'", "expected a whole number above 0, found '0'");
  }

  @Test
  void refusesAHeadOfOtherClasses() throws IOException {
    Path other = Fixtures.weights(dir.resolve("other.h5"), Fixtures.TINY.withClasses(7));
    Fixtures.Ran ran = Fixtures.run("evaluate", "--weights", other, "--data", data);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err())
        .contains("other.h5: expected a head of 3 classes, as " + data + " has, found one of 7");
    Path none = Fixtures.weights(dir.resolve("none.h5"), Fixtures.TINY.withClasses(0));
    assertThat(Fixtures.run("evaluate", "--weights", none, "--data", data).err())
        .contains("found no head");
  }

  @Test
  void warnsWhereTheClassesHaveOtherNames() throws IOException {
    Path out = dir.resolve("run");
    Fixtures.run("train", "--weights", weights, "--data", data, "--out", out, "--epochs", 1);
    Path best = out.resolve("best.h5");
    assertThat(Fixtures.run("evaluate", "--weights", best, "--data", data).err()).isEmpty();
    Files.writeString(data.resolve("batches.meta.txt"), "rot\ngreen\nblue\n");
    Fixtures.Ran ran = Fixtures.run("evaluate", "--weights", best, "--data", data);
    assertThat(ran.code()).isZero();
    assertThat(ran.err())
        .isEqualTo(
            "warning: the weights' classes are red, green, blue, the data's are rot, green, blue\n");
  }

  @Test
  void writesAReportOfTheSameNumbers() throws IOException {
    Path report = dir.resolve("a report");
    JsonNode printed = evaluate(weights, "--report", report, "--batch-size", 4);
    JsonNode json = new JsonMapper().readTree(report.resolve("report.json").toFile());
    for (String number : new String[] {"accuracy", "images", "seconds"}) {
      assertThat(json.get(number)).isEqualTo(printed.get(number));
    }
    assertThat(json.get("loss").asDouble())
        .isCloseTo(printed.get("loss").asDouble(), Offset.offset(1e-12));
    assertThat(json.get("command").asText())
        .isEqualTo(
            "finetune-cifar evaluate --weights %s --data %s --json --report '%s' --batch-size 4"
                .formatted(weights, data, report));
    assertThat(report.resolve("samples.png")).exists();
    assertThat(Files.readString(report.resolve("report.html")))
        .contains("sha256", "<td>green</td>");
    Fixtures.Ran again =
        Fixtures.run("evaluate", "--weights", weights, "--data", data, "--report", report);
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("a report: it is there already; --overwrite replaces it");
    evaluate(weights, "--report", report, "--overwrite");
  }

  /** The run's own split by default; another one has images that it was trained on. */
  @Test
  void weightsOfARunAreMeasuredOnWhatItHeldOut() throws IOException {
    Path pictures = dir.resolve("pictures");
    for (int i = 0; i < 40; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(i % 8, i / 8, i * 123_457 % 0xffffff);
      Path file = pictures.resolve("class" + i % 3 + "/" + i + ".png");
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "png", file.toFile());
    }
    Path run = dir.resolve("run");
    Fixtures.Ran trained =
        Fixtures.run(
            "train",
            "--weights",
            weights,
            "--data",
            pictures,
            "--out",
            run,
            "--epochs",
            2,
            "--validation-fraction",
            0.3,
            "--split-seed",
            4,
            "--learning-rate",
            0.01);
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.out()).startsWith("validation accuracy: ").doesNotContain("test");
    assertThat(Files.readString(run.resolve("report.html")))
        .contains("on 12 validation images of 3 classes, which were not trained on but chose these")
        .contains(">Validation images</h2>")
        .doesNotContain(" test images of", ">Test images<");
    Fixtures.Ran own =
        Fixtures.run("evaluate", "--weights", run.resolve("best.h5"), "--data", pictures, "--json");
    assertThat(own.err()).isEmpty();
    JsonNode json = new JsonMapper().readTree(own.out());
    JsonNode report = new JsonMapper().readTree(run.resolve("report.json").toFile());
    assertThat(json.get("split").asText()).isEqualTo("validation");
    assertThat(json.get("images").asInt()).isEqualTo(12);
    assertThat(json.get("accuracy").asDouble()).isEqualTo(report.get("accuracy").asDouble());
    Fixtures.Ran other =
        Fixtures.run(
            "evaluate",
            "--weights",
            run.resolve("best.h5"),
            "--data",
            pictures,
            "--validation-fraction",
            0.3,
            "--split-seed",
            5);
    assertThat(other.code()).isZero();
    assertThat(other.err())
        .contains("was trained on some of the images that are held out here")
        .contains("--validation-fraction 0.3 --split-seed 4");
  }
}
