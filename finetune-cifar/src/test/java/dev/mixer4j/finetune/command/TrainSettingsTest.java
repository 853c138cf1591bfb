package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.finetune.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What recipes and the options of settings change in a training. */
class TrainSettingsTest extends TrainingRuns {

  @Test
  void oneSeedRepeatsExactlyAndAnotherDoesNot() throws IOException {
    Path run = train("--seed", 3);
    assertEqualWeights(run, train("--seed", 3));
    assertOtherWeights(run, train("--seed", 4));
  }

  @Test
  void withoutShuffleAndAugmentNothingIsLeftToTheSeed() throws IOException {
    Path plain = train("--no-shuffle", "--no-augment", "--seed", 1);
    assertEqualWeights(plain, train("--no-shuffle", "--no-augment", "--seed", 2));
    assertOtherWeights(plain, train("--no-augment", "--seed", 1));
    assertOtherWeights(plain, train("--no-shuffle", "--seed", 1));
  }

  @Test
  void learningRateDecidesHowFarWeightsMove() throws IOException {
    Path run = train("--learning-rate", 1e-4, "--epochs", 1, "--batch-size", 48);
    float[] head = Fixtures.read(run.resolve("final.h5")).get("head/kernel"); // was zero
    for (float weight : head) {
      assertThat(Math.abs(weight))
          .as("Adam's first step is the learning rate, whatever the gradient")
          .isBetween(0.99e-4f, 1.01e-4f);
    }
  }

  @Test
  void defaultRateIsTheRecipes() throws IOException {
    Fixtures.Ran ran =
        Fixtures.run("train", "--weights", weights, "--data", data, "--out", dir.resolve("d"));
    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode settings =
        new JsonMapper().readTree(dir.resolve("d/config.json").toFile()).get("settings");
    assertThat(settings.get("learning_rate").asDouble()).isEqualTo(1e-5);
    assertThat(settings.get("batch_size").asInt()).isEqualTo(16);
    assertThat(settings.get("epochs").asInt()).isEqualTo(2);
    assertThat(settings.get("seed").asLong()).isEqualTo(1024);
  }

  @Test
  void limitsAndBatchSizeDecideTheSteps() throws IOException {
    Path run = train("--limit-train", 21, "--batch-size", 10, "--log-every", 1, "--epochs", 1);
    assertThat(places(run))
        .containsExactly("0,0,test", "1,1,train", "2,1,train", "3,1,train", "3,1,test");
    Path one = train("--limit-test", 1, "--epochs", 1);
    assertThat(rows(one).get(1)).startsWith("0,0,test,1.098612,1.000000,");
  }

  @Test
  void normalizationGoesIntoTheWeights() throws IOException {
    Path plain = train();
    Path run = train("--mean", "0.1,0.2,0.3", "--std", "0.25");
    assertThat(network(run.resolve("final.h5")).input().mean()).containsExactly(0.1f, 0.2f, 0.3f);
    assertThat(network(run.resolve("final.h5")).input().std()).containsOnly(0.25f);
    assertThat(network(plain.resolve("final.h5")).input().mean()).containsOnly(0.5f);
    assertOtherWeights(plain, run);
  }

  @Test
  void endsEarlyWithoutANewBest() throws IOException {
    Path run = dir.resolve("early");
    Fixtures.Ran ran =
        run(run, "--learning-rate", 1e-9, "--epochs", 50, "--batch-size", 48, "--patience", 3);
    assertThat(ran.out()).contains("stopped early: no better accuracy since step 1");
    assertThat(places(run)).last().isEqualTo("4,4,test");
    assertThat(run.resolve("final.h5")).exists();
  }

  @Test
  void measuresAndSavesWhenAsked() throws IOException {
    Path run =
        train("--epochs", 2, "--batch-size", 8, "--eval-every", 5, "--save-every", 2, "--keep", 3);
    assertThat(places(run).stream().filter(row -> row.endsWith("test")))
        .containsExactly("0,0,test", "5,1,test", "10,2,test", "12,2,test");
    assertThat(run.resolve("checkpoints").toFile().list())
        .containsExactlyInAnyOrder(
            "step-000000008.safetensors",
            "step-000000010.safetensors",
            "step-000000012.safetensors");
  }

  @Test
  void imagesStayWhereAskedAndNothingElseChanges() throws IOException {
    assertEqualWeights(train("--cache", "device"), train("--cache", "host"));
  }

  @Test
  void recipesCanBeOverridden() throws IOException {
    Path run =
        train(
            "--recipe",
            "paper",
            "--steps",
            3,
            "--warmup-steps",
            1,
            "--batch-size",
            12,
            "--micro-batch-size",
            5,
            "--validation-fraction",
            0,
            "--mixup",
            0.2,
            "--ema-decay",
            0.5,
            "--stochastic-depth",
            0.1,
            "--label-smoothing",
            0.1);
    assertThat(places(run)).containsExactly("0,0,test", "3,1,train", "3,1,test");
    JsonNode settings =
        new JsonMapper().readTree(run.resolve("config.json").toFile()).get("settings");
    assertThat(settings.at("/optimizer/name").asText()).isEqualTo("momentum");
    assertThat(settings.at("/schedule").asText()).isEqualTo("cosine");
    assertThat(settings.at("/micro_batch_size").asInt()).isEqualTo(5);
    // The rate of the third of three steps, one of them warm-up: half a wave, half way.
    assertThat(rows(run).get(2).split(",")[5]).isEqualTo("0.00500000");
    assertEqualWeights(run, train("--recipe", run.resolve("config.json")));
  }

  @Test
  void warmUpMustEndBeforeTheRun() {
    Path out = dir.resolve("never");
    assertRefused(
        run(out, "--warmup-steps", 6, "--epochs", 2),
        3,
        "expected fewer warm-up steps than the run's 6, found 6; change --warmup-steps");
    assertThat(out).doesNotExist();
    train("--warmup-steps", 5, "--epochs", 2);
  }

  @Test
  void linearProbeTrainsTheHeadAlone() throws IOException {
    Map<String, float[]> before = Fixtures.read(weights);
    Path run = train("--recipe", "linear-probe");
    Fixtures.read(run.resolve("final.h5"))
        .forEach(
            (name, values) -> {
              if (name.startsWith("head/")) {
                assertThat(values).as(name).isNotEqualTo(before.get(name));
              } else {
                assertThat(values).as(name).isEqualTo(before.get(name));
              }
            });
  }

  @Test
  void unknownRecipeAndSettings() throws IOException {
    assertRefused(
        run(dir.resolve("a"), "--recipe", "fast"), 3, "expected adam, paper, linear-probe, ");
    Path file = Files.writeString(dir.resolve("mine.json"), "{\"epochs\": 3, \"epoch\": 3}");
    assertRefused(run(dir.resolve("a"), "--recipe", file), 2, "there is no setting epoch");
    Files.writeString(file, "{\"epochs\": \"three\"}");
    assertRefused(run(dir.resolve("a"), "--recipe", file), 2, "epochs: ");
    assertRefused(
        run(dir.resolve("a"), "--schedule", "step"),
        2,
        "schedule: expected one of [constant, linear, cosine], found 'step'");
    assertRefused(
        run(dir.resolve("a"), "--clip-norm", "Infinity"),
        2,
        "clip_norm: expected above 0, found Infinity");
    Files.writeString(file, "{\"std\": \"wide\"}");
    assertRefused(
        run(dir.resolve("a"), "--recipe", file),
        2,
        "std: expected a number, or one for each channel");
    Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"'});
    assertRefused(run(dir.resolve("a"), "--recipe", file), 3, file + ": not valid JSON");
  }
}
