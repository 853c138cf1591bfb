package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.MnistFiles;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.ImportWeights;
import dev.mixer4j.weights.command.ModelOptions;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Training from scratch: {@code train --model}, and what follows it. */
class TrainModelTest {

  private static final int SIZE = MnistFiles.SIZE;

  @TempDir Path dir;
  private Path data;

  @BeforeEach
  void makeDigits() throws IOException {
    data = MnistFiles.write(dir.resolve("mnist"));
  }

  private Fixtures.Ran train(Path run, Object... options) {
    List<Object> args =
        new ArrayList<>(
            List.of("train", "--data", data, "--out", run, "--no-augment", "--batch-size", 20));
    args.addAll(List.of(options));
    return Fixtures.run(args.toArray());
  }

  private Path trained(String name, Object... options) {
    Path run = dir.resolve(name);
    Fixtures.Ran ran = train(run, options);
    assertThat(ran.code()).as(ran.err()).isZero();
    return run;
  }

  private static Network network(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return checkpoint.network();
    }
  }

  private static JsonNode config(Path run) throws IOException {
    return new JsonMapper().readTree(run.resolve("config.json").toFile());
  }

  private static void assertSameWeights(Path a, Path b) throws IOException {
    Map<String, float[]> other = Fixtures.read(b.resolve("final.h5"));
    Fixtures.read(a.resolve("final.h5"))
        .forEach((name, values) -> assertThat(values).as(name).isEqualTo(other.get(name)));
  }

  @ParameterizedTest
  @CsvSource({
    "lenet5, 12, ",
    "resnet, 6, ",
    "mlp, 6, ",
    "gru, 20, ",
    "vit, 30, ",
    "resmlp, 40, --image-size=28 --patch-size=4 --hidden-size=24 --blocks=2 --mlp-size=48 --mean=0.5 --std=0.5"
  })
  void trainsEvaluatesReportsPredictsAndExports(String model, int epochs, String size)
      throws IOException {
    List<Object> options =
        new ArrayList<>(List.of("--model", model, "--learning-rate", 0.003, "--epochs", epochs));
    options.addAll(size == null ? List.of() : List.of(size.split(" ")));
    Path run = trained(model, options.toArray());
    assertThat(config(run).at("/network/family").asText()).isEqualTo(model);
    assertThat(config(run).at("/network/input/channels").asInt()).isEqualTo(1);
    assertThat(config(run).path("weights").has("path")).isFalse();
    Path best = run.resolve("best.h5");
    Fixtures.Ran evaluated =
        Fixtures.run(
            "evaluate", "--weights", best, "--data", data, "--json", "--report", dir.resolve("r"));
    assertThat(evaluated.code()).as(evaluated.err()).isZero();
    assertThat(new JsonMapper().readTree(evaluated.out()).get("accuracy").asDouble())
        .isGreaterThan(0.9);
    assertThat(dir.resolve("r/samples.png")).exists();
    Path picture = dir.resolve("four.png");
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < SIZE * SIZE; p++) {
      image.setRGB(p % SIZE, p / SIZE, p / SIZE / 2 == 6 ? 0xc8c8c8 : 0x282828);
    }
    ImageIO.write(image, "png", picture.toFile());
    Fixtures.Ran predicted = Fixtures.run("predict", "--weights", best, picture, "--top", 1);
    assertThat(predicted.out().strip()).endsWith("%  4");
    Fixtures.Ran exported = Fixtures.run("export", "--weights", best, "-o", dir.resolve("model"));
    assertThat(exported.code()).as(exported.err()).isZero();
    assertThat(exported.out()).contains("float32 [N, 28, 28, 1], less mean 0.5, over std 0.5");
    try (ImageClassifier again = ImageClassifier.load(dir.resolve("model"));
        ImageClassifier classifier = ImageClassifier.load(best)) {
      assertThat(again.logits(List.of(image))).isDeepEqualTo(classifier.logits(List.of(image)));
    }
  }

  @Test
  void aRecipeNamesItsNetworkAndOptionsChangeIt() throws IOException {
    Path mixer = trained("recipe", "--recipe=mnist-mixer", "--epochs=1", "--blocks=2");
    Mixer found = (Mixer) network(mixer.resolve("final.h5"));
    assertThat(found)
        .isEqualTo(
            Mixer.of(28, 7, 14, 2, 64, 7, 10)
                .withInput(new ImageInput(28, 28, 1, List.of(0f), List.of(1f))));
    assertThat(config(mixer).at("/settings/loss").asText()).isEqualTo("mse");
    Path other = trained("other", "--recipe=mnist-mlp", "--model=lenet5", "--epochs=1");
    assertThat(network(other.resolve("final.h5"))).isInstanceOf(LeNet5.class);
    assertThat(config(other).at("/settings/dropout").asDouble()).isEqualTo(0.2);
    Fixtures.Ran warned =
        train(dir.resolve("warned"), "--model=lenet5", "--dropout=0.5", "--steps=1");
    assertThat(warned.err()).contains("warning: dropout 0.5 changes nothing: a lenet5 has none");
    Path none = trained("none", "--model=mlp", "--hidden=12,11", "--epochs=1");
    assertThat(network(none.resolve("final.h5")).shapes()).containsKey("dense2/kernel");
    assertThat(config(none).at("/settings/learning_rate").asDouble()).isEqualTo(1e-3);
  }

  @Test
  void allRecipesAreRight() throws IOException {
    for (String name : Recipe.NAMES) {
      TrainSettings.fromJson(Recipe.load(name));
      ObjectNode model = Recipe.model(name);
      if (model != null) {
        CommandSpec train = new CommandLine(new TrainCommand()).getCommandSpec();
        assertThat(ModelOptions.network(train, model, null, null, () -> null).classes())
            .isPositive();
      }
    }
  }

  @Test
  void aMixersSettingsAreOptions() throws IOException {
    Path run =
        trained(
            "mixer",
            "--model=mixer",
            "--image-size=28",
            "--patch-size=7",
            "--hidden-size=12",
            "--blocks=3",
            "--tokens-mlp-size=8",
            "--channels-mlp-size=16",
            "--gelu=tanh",
            "--mean=0.1",
            "--std=0.3",
            "--epochs=1");
    Mixer mixer = (Mixer) network(run.resolve("final.h5"));
    assertThat(mixer.input().channels()).isEqualTo(1);
    assertThat(mixer.input().mean()).containsExactly(0.1f);
    assertThat(mixer.input().std()).containsExactly(0.3f);
    assertThat(mixer.patchSize()).isEqualTo(7);
    assertThat(mixer.hiddenSize()).isEqualTo(12);
    assertThat(mixer.blocks()).isEqualTo(3);
    assertThat(mixer.tokensMlpSize()).isEqualTo(8);
    assertThat(mixer.channelsMlpSize()).isEqualTo(16);
    assertThat(mixer.gelu()).hasToString("tanh");
    assertThat(mixer.classes()).isEqualTo(10);
    Path again = trained("again", "--model", run.resolve("config.json"), "--epochs=1");
    assertThat(((Mixer) network(again.resolve("final.h5"))).patchSize()).isEqualTo(7);
  }

  /** The learning rate is so small that float32 makes it 0: the step changes nothing. */
  @ParameterizedTest
  @CsvSource({"lenet5", "mlp-100-80", "mixer"})
  void startsFromTheWeightsThatInitWrites(String model) throws IOException {
    List<String> network = new ArrayList<>(List.of("--model=" + model, "--seed=-8"));
    if (model.equals("mixer")) {
      network.addAll(List.of("--image-size=28", "--patch-size=7", "--hidden-size=6"));
      network.addAll(List.of("--blocks=1", "--tokens-mlp-size=5", "--channels-mlp-size=4"));
    }
    List<Object> settings = new ArrayList<>(network);
    settings.addAll(List.of("--optimizer=sgd", "--learning-rate=1e-46", "--steps=1"));
    Path run = trained("run", settings.toArray());
    Path init = dir.resolve("init.h5");
    List<String> words = new ArrayList<>(List.of("init", "-o", init.toString()));
    words.addAll(network);
    if (model.equals("mixer")) {
      words.addAll(List.of("--channels=1", "--classes=10"));
    }
    StringWriter err = new StringWriter();
    int code =
        Cli.commandLine(ImportWeights.class)
            .setErr(new PrintWriter(err))
            .setOut(new PrintWriter(new StringWriter()))
            .execute(words.toArray(String[]::new));
    assertThat(code).as(err.toString()).isZero();
    Map<String, float[]> start = Fixtures.read(init);
    Map<String, float[]> trained = Fixtures.read(run.resolve("final.h5"));
    assertThat(start.keySet()).isEqualTo(trained.keySet());
    start.forEach((name, values) -> assertThat(values).as(name).containsExactly(trained.get(name)));
  }

  @Test
  void otherFamiliesSettingsAreOptions() throws IOException {
    Path mlp = trained("mlp", "--model=mlp", "--hidden=7, 5", "--output-relu", "--epochs=1");
    assertThat(network(mlp.resolve("final.h5")))
        .extracting("hidden", "outputRelu")
        .containsExactly(List.of(7, 5), true);
    Path plain =
        trained("plain", "--model", mlp.resolve("config.json"), "--no-output-relu", "--steps=2");
    assertThat(network(plain.resolve("final.h5")))
        .extracting("hidden", "outputRelu")
        .containsExactly(List.of(7, 5), false);
    Path gru = trained("gru", "--model=gru", "--hidden-size=6", "--epochs=1");
    assertThat(network(gru.resolve("final.h5"))).extracting("hiddenSize").isEqualTo(6);
    assertThat(train(dir.resolve("no"), "--model=mlp", "--hidden=7,,5").err())
        .contains("hidden: expected a list of whole numbers, found \"7,,5\"");
    assertThat(train(dir.resolve("no"), "--model=gru", "--channels=3").err())
        .contains("a GRU takes images of 1 channel, found 3");
  }

  @Test
  void channelsAreTheDatasOrAsGiven() throws IOException {
    Path rgb = trained("rgb", "--model=ResNet", "--shortcut=conv", "--channels=3", "--steps=2");
    assertThat(network(rgb.resolve("final.h5")).input().channels()).isEqualTo(3);
    assertThat(network(rgb.resolve("final.h5")))
        .extracting("shortcut")
        .isEqualTo(ResNet.Shortcut.CONV);
    data = Fixtures.cifar(dir.resolve("cifar"));
    Path color = trained("color", "--model=lenet-5", "--image-size=32", "--steps=2");
    assertThat(network(color.resolve("final.h5")).input().channels()).isEqualTo(3);
    Path gray =
        trained(
            "gray",
            "--model=lenet5",
            "--channels=1",
            "--crop-min-area=0.5",
            "--cache=device",
            "--steps=2");
    assertThat(network(gray.resolve("final.h5")).input().channels()).isEqualTo(1);
    assertThat(train(dir.resolve("no"), "--model=resnet").err())
        .contains("a ResNet with shortcut broadcast takes images of 1 channel, found 3");
  }

  @Test
  void wrongUsage() {
    Path none = dir.resolve("none");
    Map<List<Object>, String> wrong =
        Map.of(
            List.of("--model=vgg"),
                "--model: expected mixer, lenet5, resnet, mlp, gru, vit, resmlp, ",
            List.of("--model=lenet5", "--weights=w.h5"), "give --weights or --model, not both",
            List.of("--weights=w.h5", "--patch-size=3"), "--patch-size needs --model",
            List.of("--weights=w.h5", "--channels=3"), "--channels needs --model",
            List.of("--model=lenet5", "--shortcut=conv"), "--shortcut is not an option of --model",
            List.of("--model=resnet", "--shortcut=none"), "shortcut: expected one of",
            List.of("--model=mixer", "--patch-size=5"), "is not a multiple of patch_size 5",
            List.of("--model=lenet5", "--channels=2"), "--channels: expected 1 or 3",
            List.of("--model=lenet5", "--head-only"), "head_only: expected weights to keep",
            List.of("--model=lenet5", "--micro-batch-size=999"),
                "micro_batch_size: expected at most the batch_size of");
    wrong.forEach(
        (options, message) -> {
          Fixtures.Ran ran = train(none, options.toArray());
          assertThat(ran.code()).as(ran.err()).isIn(2, 3);
          assertThat(ran.err()).contains(message);
        });
    assertThat(none).doesNotExist();
  }

  @Test
  void theHelpHasAllNetworks() {
    String help = Fixtures.run("train", "--help").out().replaceAll("\\s+", " ");
    assertThat(help).contains("--patch-size", "--shortcut", "--hidden");
    Networks.FAMILIES.forEach(family -> assertThat(help).contains(family.name()));
    assertThat(ModelOptions.TYPES)
        .isEqualTo(Networks.FAMILIES.stream().<Class<?>>map(Family::type).toList());
  }

  /** With another part of the run before and after: batch norm's averages are in the checkpoint. */
  @Test
  void resumesBitByBit() throws IOException {
    Network resnet = Networks.preset("resnet").orElseThrow();
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    tuning(resnet).run(whole, TrainingListener.NONE);
    long[] steps = new long[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(long step, int images, double loss, double accuracy) {
            steps[0] = step;
          }

          @Override
          public boolean stopRequested() {
            return steps[0] == 7;
          }
        };
    tuning(resnet).run(parts, stop);
    assertThat(Fixtures.run("train", "--resume", parts).code()).isZero();
    assertSameWeights(parts, whole);
    // Before the first checkpoint, a run starts again from its seed.
    Path young = Files.createDirectory(dir.resolve("young"));
    Files.copy(whole.resolve("config.json"), young.resolve("config.json"));
    FineTuning.resume(young, TrainingListener.NONE);
    assertSameWeights(young, whole);
    String command =
        new JsonMapper().readTree(whole.resolve("report.json").toFile()).path("command").asText();
    Fixtures.Ran again = Fixtures.run((Object[]) command.substring(15).split(" "));
    assertThat(again.code()).as(again.err()).isZero();
    assertSameWeights(dir.resolve("whole-again"), whole);
  }

  private FineTuning tuning(Network network) {
    return FineTuning.scratch(network, data)
        .set("learning_rate", 0.003)
        .set("batch_size", 20)
        .set("epochs", 2)
        .set("ema_decay", 0.8);
  }

  @Test
  void severalDevicesGiveTheSame() throws IOException {
    Network lenet = Networks.preset("LeNet-5").orElseThrow();
    Path one = dir.resolve("one");
    Path two = dir.resolve("two");
    tuning(lenet).set("micro_batch_size", 10).run(one, TrainingListener.NONE);
    FineTuningResult result =
        tuning(lenet).devices(Devices.cpus(2)).run(two, TrainingListener.NONE);
    assertThat(result.steps()).isEqualTo(12);
    Map<String, float[]> expected = Fixtures.read(one.resolve("final.h5"));
    Fixtures.read(two.resolve("final.h5"))
        .forEach(
            (name, values) ->
                assertThat(values)
                    .as(name)
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(expected.get(name)));
  }

  @Test
  void theNetworkDecidesTheImageSize() {
    FineTuning scratch = tuning(Networks.preset("LeNet-5").orElseThrow());
    assertThatThrownBy(() -> scratch.imageSize(64)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void meanSquaredErrorIsAnotherLoss() throws IOException {
    Path mse =
        trained("mse", "--model=lenet5", "--loss=mse", "--learning-rate=0.003", "--epochs=12");
    List<String> rows = Files.readAllLines(mse.resolve("metrics.csv"));
    assertThat(Double.parseDouble(rows.get(1).split(",")[3])).isBetween(0.05, 0.2);
    assertThat(Double.parseDouble(rows.get(rows.size() - 1).split(",")[3])).isLessThan(0.05);
    assertThat(Double.parseDouble(rows.get(rows.size() - 1).split(",")[4])).isGreaterThan(0.8);
    assertThat(network(mse.resolve("best.h5"))).isInstanceOf(LeNet5.class);
  }
}
