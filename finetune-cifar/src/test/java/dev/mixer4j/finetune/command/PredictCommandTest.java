package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictCommandTest {

  @TempDir static Path dir;
  private static Path weights;
  private static Path red;
  private static Path blue;

  @BeforeAll
  static void trainAndDraw() throws IOException {
    Path data = Fixtures.cifar(dir.resolve("data"));
    Fixtures.Ran ran =
        Fixtures.run(
            "train",
            "--weights",
            Fixtures.weights(dir.resolve("w.h5")),
            "--data",
            data,
            "--out",
            dir.resolve("run"),
            "--learning-rate",
            0.01,
            "--epochs",
            4);
    assertThat(ran.code()).as(ran.err()).isZero();
    weights = dir.resolve("run/best.h5");
    red = draw("red.png", "png", 0, 32, 32);
    blue = draw("blue.jpg", "jpeg", 2, 90, 60);
  }

  /** An image as those of a class that the network was trained on. */
  private static Path draw(String name, String format, int label, int width, int height)
      throws IOException {
    byte[] record = Fixtures.cifarRecord(label, new Random(11));
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int from = 1 + (y * 32 / height) * 32 + x * 32 / width;
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          rgb = rgb << 8 | Byte.toUnsignedInt(record[from + channel * Fixtures.PIXELS]);
        }
        image.setRGB(x, y, rgb);
      }
    }
    Path file = dir.resolve(name);
    ImageIO.write(image, format, file.toFile());
    return file;
  }

  @Test
  void namesTheClassesTheMostProbableFirst() {
    Fixtures.Ran ran = Fixtures.run("predict", "--weights", weights, red, blue);
    assertThat(ran.code()).as(ran.err()).isZero();
    List<String> lines = ran.out().lines().toList();
    assertThat(lines).hasSize(8);
    assertThat(lines.get(0)).isEqualTo(red.toString());
    assertThat(lines.get(1)).matches(" +[0-9.]+%  red");
    assertThat(lines.get(4)).isEqualTo(blue.toString());
    assertThat(lines.get(5)).matches(" +[0-9.]+%  blue");
  }

  @Test
  void aDeviceThatIsNotThereIsNamed() {
    Fixtures.Ran cpu = Fixtures.run("predict", "--weights", weights, "--device", "cpu", red);
    assertThat(cpu.code()).as(cpu.err()).isZero();
    Fixtures.Ran gpu = Fixtures.run("predict", "--weights", weights, "--device", "gpu:99", red);
    assertThat(gpu.code()).isEqualTo(3);
    assertThat(gpu.err())
        .contains("gpu:99: TensorFlow sees no such GPU")
        .contains("'finetune-cifar doctor'")
        .hasLineCount(1);
    Fixtures.Ran tpu = Fixtures.run("predict", "--weights", weights, "--device", "tpu", red);
    assertThat(tpu.code()).isEqualTo(2);
    assertThat(tpu.err()).contains("expected auto, cpu, gpu").contains("found 'tpu'");
  }

  @Test
  void jsonHasOneEntryForEachFile() throws IOException {
    Fixtures.Ran ran = Fixtures.run("predict", "--weights", weights, "--json", red, blue);
    JsonNode json = new JsonMapper().readTree(ran.out());
    assertThat(json).hasSize(2);
    assertThat(json.at("/0/file").asText()).isEqualTo(red.toString());
    assertThat(json.at("/1/predictions/0/label").asText()).isEqualTo("blue");
    assertThat(json.at("/1/predictions/0/index").asInt()).isEqualTo(2);
    double sum = 0;
    for (JsonNode prediction : json.at("/1/predictions")) {
      sum += prediction.get("probability").asDouble();
    }
    assertThat(sum).isCloseTo(1, Offset.offset(1e-6));
  }

  @Test
  void imagesBecomeWhatTheWeightsSay() throws IOException {
    try (Checkpoint trained = Checkpoint.open(weights)) {
      assertThat(trained.info().transform()).contains(ImageTransform.FIT);
      String fit = prediction(write(trained, "said", Optional.of(ImageTransform.FIT)));
      assertThat(prediction(weights)).isEqualTo(fit);
      String timm = prediction(write(trained, "timm", Optional.of(ImageTransform.TIMM)));
      assertThat(timm).isNotEqualTo(fit);
      Path unsaid = write(trained, "unsaid", Optional.empty());
      assertThat(prediction(unsaid)).isEqualTo(timm);
      Fixtures.Ran asked =
          Fixtures.run("predict", "--weights", unsaid, "--json", "--transform", "fit", blue);
      assertThat(asked.out()).isEqualTo(fit);
    }
  }

  private static Path write(Checkpoint trained, String name, Optional<ImageTransform> transform)
      throws IOException {
    Path file = dir.resolve(name + ".h5");
    ModelInfo info = new ModelInfo(trained.info().classNames(), transform, Optional.empty());
    CheckpointWriter.write(file, TargetFormat.H5, trained, info, false, bytes -> {});
    return file;
  }

  private static String prediction(Path weights) {
    return Fixtures.run("predict", "--weights", weights, "--json", blue).out();
  }

  @Test
  void topLimitsTheClasses() {
    assertThat(Fixtures.run("predict", "--weights", weights, "--top", 1, red).out().lines())
        .hasSize(2);
  }

  @Test
  void numbersClassesThatHaveNoNames() {
    Path unnamed = dir.resolve("w.h5");
    assertThat(Fixtures.run("predict", "--weights", unnamed, "--top", 1, red).out())
        .contains("  33.33%  class 0");
  }

  @Test
  void refusesWhatIsNoImage() throws IOException {
    Path text = Files.writeString(dir.resolve("notes.png"), "not an image");
    Fixtures.Ran ran = Fixtures.run("predict", "--weights", weights, text);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("notes.png: expected a PNG or JPEG image");
    Fixtures.Ran missing = Fixtures.run("predict", "--weights", weights, dir.resolve("no.png"));
    assertThat(missing.code()).isEqualTo(3);
    assertThat(missing.err()).contains("no.png: no such file");
  }

  @Test
  void takesFoldersAndReportsWhatCannotBeRead() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("photos/inner"));
    Files.copy(red, folder.resolve("1.png"));
    Files.copy(blue, folder.getParent().resolve("2, zwei.jpg"));
    Files.writeString(folder.resolve("3.png"), "no image");
    Files.writeString(folder.resolve("notes.webp"), "");
    Path none = dir.resolve("none.png");
    Fixtures.Ran ran =
        Fixtures.run(
            "predict", "--weights", weights, "--csv", "--top", 2, none, folder.getParent(), red);
    assertThat(ran.code()).isEqualTo(3);
    List<String> lines = ran.out().lines().toList();
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).isEqualTo("file,label_1,probability_1,label_2,probability_2");
    assertThat(lines.get(1))
        .startsWith("\"" + folder.getParent().resolve("2, zwei.jpg") + "\",blue,0.");
    assertThat(lines.get(2)).startsWith(folder.resolve("1.png") + ",red,0.");
    assertThat(lines.get(3)).startsWith(red + ",red,0.");
    assertThat(ran.err())
        .contains("none.png: no such file")
        .contains("3.png: expected a PNG or JPEG image")
        .contains("are not used: 1 .webp")
        .hasLineCount(3);
    JsonNode json =
        new JsonMapper()
            .readTree(Fixtures.run("predict", "--weights", weights, "--json", none, red).out());
    assertThat(json.at("/0/error").asText()).contains("no such file");
    assertThat(json.at("/0/predictions").isMissingNode()).isTrue();
    assertThat(json.at("/1/predictions/0/label").asText()).isEqualTo("red");
    Path empty = Files.createDirectories(dir.resolve("empty"));
    assertThat(Fixtures.run("predict", "--weights", weights, empty).err())
        .contains("empty: expected images (.png, .jpg, .jpeg), found none");
  }

  /** More than a batch, in the order of their names. */
  @Test
  void aFolderOfManyImages() throws IOException {
    Path folder = Files.createDirectories(dir.resolve("many"));
    for (int i = 10; i < 47; i++) {
      Files.copy(i % 2 == 0 ? red : blue, folder.resolve(i + (i % 2 == 0 ? ".png" : ".jpg")));
    }
    List<String> lines =
        Fixtures.run("predict", "--weights", weights, "--csv", "--top", 1, folder)
            .out()
            .lines()
            .toList();
    assertThat(lines).hasSize(38);
    for (int i = 10; i < 47; i++) {
      assertThat(lines.get(i - 9)).contains("/" + i + ".", i % 2 == 0 ? ",red," : ",blue,");
    }
  }

  @Test
  void refusesWeightsWithoutAHead() throws IOException {
    Path none = Fixtures.weights(dir.resolve("none.h5"), Fixtures.TINY.withClasses(0));
    Fixtures.Ran ran = Fixtures.run("predict", "--weights", none, red);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("none.h5: expected a head to classify with, found none");
  }
}
