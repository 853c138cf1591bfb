package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class TrainCommandTest extends TrainingRuns {

  @Test
  void learnsAndLeavesItsFiles() throws IOException {
    Path out = dir.resolve("deep/run");
    Fixtures.Ran ran = run(out, "--epochs", 4, "--log-every", 2);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(out.toFile().list())
        .contains("metrics.csv", "config.json", "best.h5", "final.h5", "checkpoints", "tensorboard")
        .contains("report.html", "report.json", "curves.png", "roc.png", "samples.png")
        .hasSize(13);
    assertThat(rows(out).get(0))
        .isEqualTo("step,epoch,split,loss,accuracy,learning_rate,images_per_second,data_wait");
    assertThat(places(out))
        .startsWith("0,0,test", "2,1,train", "3,1,train", "3,1,test", "4,2,train")
        .endsWith("12,4,train", "12,4,test")
        .hasSize(1 + 4 + 6 + 2);
    assertThat(rows(out)).allMatch(row -> row.split(",", -1).length == 8);
    assertThat(rows(out).get(1)).startsWith("0,0,test,1.098612,0.333333,");
    assertThat(ran.out())
        .startsWith("test accuracy: 33.33% before, 100.00% after, best 100.00% after step ")
        .contains("weights: " + out.resolve("best.h5"));
    assertThat(ran.err())
        .as("plain lines, for stderr is no terminal")
        .startsWith("48 training and 15 test images of 3 classes; head: the weights' own\n")
        .contains("before training  test: loss 1.0986, accuracy 33.33%")
        .containsPattern(
            "epoch 1/4  step 2  loss [0-9.]+, accuracy [0-9.]+%, [0-9.]+ images/s, 0:0[0-9] left")
        .containsPattern("epoch 4/4  test: loss [0-9.]+, accuracy 100.00%");
    try (Checkpoint best = Checkpoint.open(out.resolve("best.h5"))) {
      assertThat(best.info().classNames()).isEqualTo(Fixtures.NAMES);
      assertThat(best.info().origin().orElseThrow().format()).isEqualTo("h5");
    }
  }

  @Test
  void aDeviceThatIsNotThereLeavesNothing() {
    Path out = dir.resolve("gpu");
    Fixtures.Ran ran = run(out, "--device", "gpu:99");
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("gpu:99: TensorFlow sees no such GPU");
    assertThat(out).doesNotExist();
  }

  @Test
  void configTellsHowToRepeatTheRun() throws IOException {
    Path out =
        train(
            "--batch-size",
            20,
            "--seed",
            9,
            "--no-shuffle",
            "--limit-test",
            5,
            "--precision",
            "bfloat16",
            "--xla");
    JsonNode config = new JsonMapper().readTree(out.resolve("config.json").toFile());
    JsonNode settings = config.get("settings");
    assertThat(settings.get("epochs").asInt()).isEqualTo(2);
    assertThat(settings.get("batch_size").asInt()).isEqualTo(20);
    assertThat(settings.get("learning_rate").asDouble()).isEqualTo(0.01);
    assertThat(settings.get("seed").asLong()).isEqualTo(9);
    assertThat(settings.get("precision").asText()).isEqualTo("bfloat16");
    assertThat(settings.get("xla").asBoolean()).isTrue();
    assertThat(settings.get("shuffle").asBoolean()).isFalse();
    assertThat(settings.get("flip").asBoolean()).isTrue();
    assertThat(settings.get("log_every").asInt()).isEqualTo(50);
    assertThat(config.at("/settings/optimizer/epsilon").asDouble()).isEqualTo(1e-8);
    assertThat(config.at("/weights/path").asText()).isEqualTo(weights.toString());
    try (Checkpoint start = Checkpoint.open(weights);
        Checkpoint end = Checkpoint.open(out.resolve("final.h5"))) {
      String hash = start.origin().sha256();
      assertThat(config.at("/weights/sha256").asText()).isEqualTo(hash);
      assertThat(end.info().origin().orElseThrow().sha256()).isEqualTo(hash);
    }
    assertThat(config.at("/weights/zero_head").asBoolean()).isFalse();
    assertThat(config.at("/network/hidden_size").asInt()).isEqualTo(16);
    assertThat(config.at("/data/train_images").asInt()).isEqualTo(48);
    assertThat(config.at("/data/test_images").asInt()).isEqualTo(5);
    assertThat(config.at("/data/class_names/1").asText()).isEqualTo("green");
    assertThat(config.at("/versions/tensorflow").asText()).isEqualTo("2.18.0");
  }

  @Test
  void headOfOtherClassesIsReplacedByZeros() throws IOException {
    weights = Fixtures.resource("adam/start.safetensors"); // five classes, random head
    Path run = train("--epochs", 1);
    assertThat(network(run.resolve("best.h5")).classes()).isEqualTo(3);
    assertThat(rows(run).get(1)).startsWith("0,0,test,1.098612,0.333333,");
    JsonNode config = new JsonMapper().readTree(run.resolve("config.json").toFile());
    assertThat(config.at("/weights/zero_head").asBoolean()).isTrue();
    assertThat(config.at("/weights/format").asText()).isEqualTo("safetensors");
  }

  @Test
  void headOfAsManyClassesIsKept() throws IOException {
    Path first = train("--epochs", 4);
    String reached = last(rows(first)).replaceAll("^.*,test,([^,]*,[^,]*),.*", "$1");
    weights = first.resolve("final.h5");
    Path second = train("--epochs", 1);
    assertThat(rows(second).get(1)).startsWith("0,0,test," + reached + ",");
  }

  @Test
  void weightsWithoutAHeadGetOne() throws IOException {
    weights = Fixtures.weights(dir.resolve("headless.h5"), Fixtures.TINY.withClasses(0));
    Path out = dir.resolve("run");
    Fixtures.Ran ran = run(out, "--epochs", 1);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("head: new, all zero");
    assertThat(network(out.resolve("final.h5")).classes()).isEqualTo(3);
    JsonNode config = new JsonMapper().readTree(out.resolve("config.json").toFile());
    assertThat(config.at("/weights/zero_head").asBoolean()).isTrue();
  }

  @Test
  void imageSizeIsTheWeightsOwnOrAMultiple() throws IOException {
    train("--image-size", 32, "--epochs", 1);
    Path larger = dir.resolve("larger");
    assertThat(run(larger, "--image-size", 64, "--epochs", 1).code()).isZero();
    try (Checkpoint trained = Checkpoint.open(larger.resolve("final.h5"))) {
      assertThat(trained.network().input().size()).isEqualTo(64);
    }
    Fixtures.Ran ran = run(dir.resolve("other"), "--image-size", 48);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err()).contains("image size 48: expected a whole multiple of the weights' 32");
    assertThat(dir.resolve("other")).doesNotExist();
  }

  @Test
  void replacesAnEarlierRunOnlyIfAsked() throws IOException {
    Path out = train("--epochs", 2);
    Files.writeString(out.resolve("notes.txt"), "mine");
    Fixtures.Ran refused = run(out);
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains(out + ": it is there already; --overwrite replaces it");
    assertThat(places(out)).contains("6,2,test");
    Fixtures.Ran replaced = run(out, "--overwrite", "--epochs", 1);
    assertThat(replaced.code()).as(replaced.err()).isZero();
    assertThat(places(out)).contains("3,1,test").doesNotContain("6,2,test");
    assertThat(out.resolve("notes.txt")).hasContent("mine");
  }

  @Test
  void badInputLeavesNothing() throws IOException {
    Path out = dir.resolve("never");
    Path good = weights;
    weights = dir.resolve("missing.h5");
    assertRefused(run(out), 3, "missing.h5: no such file");
    weights = data.resolve("test_batch.bin");
    assertRefused(run(out), 3, "test_batch.bin");
    weights = good;
    Files.write(data.resolve("data_batch_1.bin"), new byte[3074]);
    assertRefused(run(out), 3, "data_batch_1.bin: expected whole records");
    assertThat(out).doesNotExist();
    assertRefused(run(good), 3, "expected a folder for the run's files, found a file");
  }

  @Test
  void verboseShowsWhereAnErrorComesFrom() {
    weights = dir.resolve("missing.h5");
    assertThat(run(dir.resolve("never"), "--verbose").err()).contains("\tat dev.mixer4j.");
  }

  @Test
  void divergenceStopsWithTheStep() throws IOException {
    Path out = dir.resolve("diverged");
    Fixtures.Ran ran = run(out, "--learning-rate", 1e30, "--epochs", 1);
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err())
        .containsPattern(
            "step [23] .*: expected a finite loss and finite gradients, found .*; try a lower"
                + " --learning-rate");
    assertThat(out.resolve("final.h5")).doesNotExist();
    assertThat(out.resolve("best.h5")).doesNotExist();
    assertThat(places(out)).containsExactly("0,0,test");
  }

  @Test
  void heldOutImagesAreWhatIsMeasured() throws IOException {
    Path run = train("--validation-fraction", 0.25, "--epochs", 1, "--batch-size", 12);
    assertThat(places(run))
        .containsExactly("0,0,validation", "3,1,train", "3,1,validation", "3,1,test");
    JsonNode config = new JsonMapper().readTree(run.resolve("config.json").toFile());
    assertThat(config.at("/data/kind").asText()).isEqualTo("CIFAR-10, binary version");
    assertThat(config.at("/data/train_images").asInt()).isEqualTo(36);
    assertThat(config.at("/data/validation_images").asInt()).isEqualTo(12);
    assertThat(config.at("/data/test_images").asInt()).isEqualTo(15);
  }

  @Test
  void picturesAreBroughtToTheNetworksSize() throws IOException {
    data = pictures(30);
    Path run = train("--validation-fraction", 0.2, "--split-seed", 5, "--epochs", 4);
    JsonNode config = new JsonMapper().readTree(run.resolve("config.json").toFile());
    assertThat(config.at("/data/train_images").asInt()).isEqualTo(24);
    assertThat(config.at("/data/validation_images").asInt()).isEqualTo(6);
    assertThat(config.at("/data/test_images").asInt()).isZero();
    assertThat(config.at("/data/class_names/2").asText()).isEqualTo("class2");
    Fixtures.Ran evaluated =
        Fixtures.run(
            "evaluate",
            "--weights",
            run.resolve("final.h5"),
            "--data",
            data,
            "--validation-fraction",
            0.2,
            "--split-seed",
            5);
    assertThat(evaluated.code()).as(evaluated.err()).isZero();
    assertThat(evaluated.out()).contains("accuracy 100.00%", "6 validation images");
    assertRefused(
        run(dir.resolve("never"), "--validation-fraction", 0),
        3,
        "holds out a tenth of each class");
    Path larger = train("--image-size", 64, "--validation-fraction", 0.2, "--epochs", 1);
    assertThat(network(larger.resolve("final.h5")).input().size()).isEqualTo(64);
  }

  @Test
  void aTenthOfAFolderWithoutTestImagesIsHeldOut() throws IOException {
    data = pictures(60);
    Path run = dir.resolve("run");
    Fixtures.Ran ran = run(run, "--epochs", 1);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err())
        .contains("note: " + data + " has no test images: 10% of each class are held out")
        .contains("54 training and 6 validation images");
    JsonNode config = new JsonMapper().readTree(run.resolve("config.json").toFile());
    assertThat(config.at("/settings/validation_fraction").asDouble()).isEqualTo(0.1);
    Fixtures.Ran evaluated =
        Fixtures.run("evaluate", "--weights", run.resolve("best.h5"), "--data", data);
    assertThat(evaluated.out()).contains("6 validation images");

    // Nothing is held out by itself where there are images to measure on.
    Files.createDirectories(data.resolve("all"));
    Files.move(data.resolve("class0"), data.resolve("all/class0"));
    Files.move(data.resolve("class1"), data.resolve("all/class1"));
    Files.move(data.resolve("class2"), data.resolve("all/class2"));
    Files.move(data.resolve("all"), data.resolve("train"));
    pictures(3);
    Files.createDirectories(data.resolve("val"));
    for (int i = 0; i < 3; i++) {
      Files.move(data.resolve("class" + i), data.resolve("val/class" + i));
    }
    Fixtures.Ran split = run(dir.resolve("split"), "--epochs", 1);
    assertThat(split.err()).contains("60 training and 3 validation").doesNotContain("note:");
  }

  @Test
  void brokenImagesAreAllListedAndMayBeSkipped() throws IOException {
    data = pictures(60);
    Path first = Files.writeString(data.resolve("class1/1.png"), "");
    Path second = Files.writeString(data.resolve("class2/20.png"), "no image");
    Path run = dir.resolve("run");
    Fixtures.Ran refused = run(run);
    assertRefused(
        refused, 3, "2 images cannot be read; repair or remove them, or give --skip-broken");
    assertThat(refused.err()).contains("warning: " + first + ": ", "warning: " + second + ": ");
    assertThat(run).doesNotExist();
    Fixtures.Ran ran = run(run, "--skip-broken", "--epochs", 2, "--save-every", 2);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("skipped: " + first, "skipped: " + second);
    assertThat(ran.err()).containsPattern("5[2-4] training and [4-6] validation");
    Files.delete(run.resolve("report.html"));
    assertThat(Fixtures.run("train", "--resume", run).code()).isZero();
  }

  /** A folder of images in three classes of different colours. */
  private Path pictures(int count) throws IOException {
    Path folder = dir.resolve("pictures");
    for (int i = 0; i < count; i++) {
      BufferedImage image = new BufferedImage(50, 40, BufferedImage.TYPE_INT_RGB);
      for (int p = 0; p < 2000; p++) {
        image.setRGB(p % 50, p / 50, (150 + p % 90) << 8 * (i % 3));
      }
      Path file = folder.resolve("class" + i % 3 + "/" + i + ".png");
      Files.createDirectories(file.getParent());
      ImageIO.write(image, "png", file.toFile());
    }
    return folder;
  }

  @Test
  void allMissingOptionsAreNamed() {
    assertRefused(
        Fixtures.run("train"), 2, "'--weights=W.h5' or '--model=NAME', '--data=DATA', '--out=RUN'");
    assertRefused(Fixtures.run("evaluate"), 2, "'--weights=W.h5', '--data=DATA'");
    assertRefused(Fixtures.run("train", "--wieghts", "x"), 2, "did you mean --weights?");
  }

  @Test
  void lrIsTheLearningRate() throws IOException {
    assertEqualWeights(train("--learning-rate", 0.01), train("--lr", 0.01));
  }

  @Test
  void helpShowsTheRecipes() throws IOException {
    String help = Fixtures.run("train", "--help").out();
    for (String name : Recipe.NAMES) {
      List<String> words = new ArrayList<>(List.of(name));
      Recipe.load(name)
          .properties()
          .forEach(
              setting -> {
                if (setting.getValue().isObject()) { // the optimizer
                  setting.getValue().properties().forEach(each -> words.add(option(each)));
                } else {
                  words.add(option(setting));
                }
              });
      assertThat(normalized(help)).as(name).contains(" " + normalized(String.join(" ", words)));
    }
  }

  /** Words between single spaces, and numbers as Java writes them. */
  private static String normalized(String text) {
    return Arrays.stream(text.split("\\s+"))
            .map(word -> word.matches("[0-9][0-9.eE-]*") ? Double.valueOf(word).toString() : word)
            .collect(Collectors.joining(" "))
        + " ";
  }

  private static String option(Map.Entry<String, JsonNode> setting) {
    String name = setting.getKey().equals("name") ? "optimizer" : setting.getKey();
    String value = setting.getValue().asText();
    return "--" + name.replace('_', '-') + (value.equals("true") ? "" : " " + value);
  }

  @Test
  void whatTheWeightsDoNotSayIsAssumedAloud() throws IOException {
    Path named = dir.resolve("timm.npz"); // has no place for settings
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      CheckpointWriter.write(
          named, TargetFormat.NPZ, checkpoint, checkpoint.info(), false, bytes -> {});
    }
    Fixtures.Ran ran =
        Fixtures.run(
            "train", "--weights", named, "--data", data, "--out", dir.resolve("run"), "--steps", 1);
    assertThat(ran.err())
        .contains("timm.npz does not say some settings of its network; assumed are gelu tanh, ");
  }

  @Test
  void checkpointThatCannotBeWrittenLeavesTheLastOne() throws IOException {
    Path run = train("--epochs", 1);
    Files.delete(run.resolve("report.html"));
    Path last = run.resolve("checkpoints/step-000000003.safetensors");
    byte[] before = Files.readAllBytes(last);
    Path config = run.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"epochs\" : 1", "\"epochs\" : 2"));
    // The next one cannot take its place; a full disk ends the writing before that.
    Files.createDirectories(run.resolve("checkpoints/step-000000006.safetensors/x"));
    Fixtures.Ran ran = Fixtures.run("train", "--resume", run);
    assertThat(ran.code()).isEqualTo(3);
    assertThat(ran.err())
        .contains("step-000000006.safetensors: the checkpoint could not be written");
    assertThat(last).hasBinaryContent(before);
  }

  @Test
  void oneTrainingAtATimeInAFolder() throws IOException {
    Path run = train("--epochs", 1);
    Files.delete(run.resolve("report.html"));
    Path leftover = Files.createDirectory(run.resolve(".best.h5.123-4.part"));
    Files.writeString(leftover.resolve("best.h5"), "half");
    try (FileChannel other = FileChannel.open(run.resolve(".lock"), StandardOpenOption.WRITE);
        FileLock lock = other.lock()) {
      assertThat(lock.isValid()).isTrue();
      Fixtures.Ran ran = Fixtures.run("train", "--resume", run);
      assertThat(ran.code()).isEqualTo(3);
      assertThat(ran.err()).contains(run + ": another training is at work in this folder");
      assertThat(leftover).exists();
    }
    Fixtures.Ran ran = Fixtures.run("train", "--resume", run);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(leftover).doesNotExist();
  }

  /** A run that is killed before its first checkpoint starts from them again. */
  @Test
  void startWeightsThatWouldBeReplaced() throws IOException {
    Path run = train("--epochs", 1);
    weights = run.resolve("best.h5");
    assertRefused(
        run(run, "--overwrite"), 2, "weights to start from are a file of the run's folder");
    assertThat(weights).exists();
  }
}
