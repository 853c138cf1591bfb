package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.NetworkJson;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitCommandTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"a.h5", "a.safetensors", "a.npz", "a.ckpt"})
  void writesTheInitialValues(String name) throws IOException {
    Path file = folder.resolve(name);
    CommandRun run = CommandRun.of("init", "--model=lenet-5", "-o", file, "--seed=7");
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("LeNet-5, 44,426 parameters", "  classes       10");
    try (Checkpoint found = Checkpoint.open(file)) {
      assertThat(found.network().shapes())
          .isEqualTo(Networks.preset("LeNet-5").orElseThrow().shapes());
      InitialWeights expected = new InitialWeights(found.network(), 7);
      found
          .network()
          .shapes()
          .forEach(
              (variable, shape) -> {
                FloatBuffer values = FloatBuffer.allocate((int) shape.size());
                FloatBuffer same = FloatBuffer.allocate((int) shape.size());
                found.read(variable, values);
                expected.read(variable, same);
                assertThat(values.array()).as(variable).isEqualTo(same.array());
              });
    }
  }

  private Network network(Object... options) throws IOException {
    Path file = folder.resolve("w.h5");
    Object[] all = new Object[options.length + 4];
    System.arraycopy(new Object[] {"init", "-o", file, "--overwrite"}, 0, all, 0, 4);
    System.arraycopy(options, 0, all, 4, options.length);
    CommandRun run = CommandRun.of(all);
    assertThat(run.err()).isEmpty();
    try (Checkpoint found = Checkpoint.open(file)) {
      return found.network();
    }
  }

  @Test
  void optionsChangeTheNetwork() throws IOException {
    assertThat(
            network(
                "--model=mixer",
                "--image-size=8",
                "--channels=1",
                "--patch-size=4",
                "--hidden-size=6",
                "--blocks=2",
                "--tokens-mlp-size=3",
                "--channels-mlp-size=5",
                "--classes=4",
                "--mean=0.25",
                "--std=2"))
        .isEqualTo(
            Mixer.of(8, 4, 6, 2, 3, 5, 4)
                .withInput(new ImageInput(8, 8, 1, List.of(0.25f), List.of(2f))));
    assertThat(network("--model=mlp", "--hidden=9,8"))
        .extracting("hidden")
        .isEqualTo(List.of(9, 8));
    Path json = Files.writeString(folder.resolve("n.json"), networkJson());
    assertThat(network("--model=" + json)).isInstanceOf(MultilayerPerceptron.class);
  }

  private static String networkJson() {
    return "{\"network\": " + NetworkJson.write(Networks.preset("MLP-512").orElseThrow()) + "}";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model=vgg | --model: expected mixer, lenet5, ",
        "--model=lenet5 --hidden=3 | --hidden is not an option of --model lenet5",
        "--model=lenet5 --channels=2 | --channels: expected 1 or 3, found 2",
        "--model=lenet5 --classes=0 | expected a whole number above 0, found '0'",
        "--seed=1 | Missing required option: '--model=NAME'",
      })
  void wrongUsage(String options, String message) {
    Object[] words = ("init -o " + folder.resolve("w.h5") + " " + options).split(" ");
    CommandRun run = CommandRun.of(words);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains(message);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void keepsFilesAndRefusesUnknownFormats() throws IOException {
    Path file = Files.writeString(folder.resolve("w.h5"), "mine");
    assertThat(CommandRun.of("init", "--model=gru", "-o", file).err()).contains("--overwrite");
    assertThat(file).hasContent("mine");
    assertThat(CommandRun.of("init", "--model=gru", "-o", folder.resolve("w.txt")).err())
        .contains("stands for no format");
  }
}
