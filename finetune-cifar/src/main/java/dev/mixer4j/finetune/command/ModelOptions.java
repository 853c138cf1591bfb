package dev.mixer4j.finetune.command;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.Family;
import dev.mixer4j.core.network.Gru;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.MultilayerPerceptron;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.ResMlp;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.weights.NetworkJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** The network that {@code --model} and the options of its family describe. */
final class ModelOptions {

  /** The families, as in {@link Networks#FAMILIES}, which would load TensorFlow for the help. */
  static final List<Class<? extends Network>> TYPES =
      List.of(
          Mixer.class,
          LeNet5.class,
          ResNet.class,
          MultilayerPerceptron.class,
          Gru.class,
          ResMlp.class);

  private ModelOptions() {}

  /** The settings of any network that were given, in JSON. */
  static List<String> given(CommandSpec command) {
    List<String> names = new ArrayList<>();
    for (Class<?> type : TYPES) {
      SettingOptions.given(command, type).fieldNames().forEachRemaining(names::add);
    }
    return names;
  }

  /** Builds the network of a family, preset or file; size and channels are null for its own. */
  static Network network(CommandSpec command, String name, Integer size, Integer channels)
      throws IOException {
    Network base = base(name);
    if (channels != null && channels != 1 && channels != 3) {
      throw new IllegalArgumentException("--channels: expected 1 or 3, found " + channels);
    }
    ObjectNode changes = SettingOptions.given(command, base.getClass());
    for (String given : given(command)) {
      if (!changes.has(given)) {
        throw new IllegalArgumentException(
            "--%s is not an option of --model %s".formatted(given.replace('_', '-'), name));
      }
    }
    ImageInput input = channels == null ? base.input() : base.input().withChannels(channels);
    if (size != null) {
      input = input.withSize(size);
    }
    changes.set("input", new JsonMapper().valueToTree(input));
    return NetworkJson.with(base, changes);
  }

  private static Network base(String name) throws IOException {
    if (isFile(name)) { // a run's config.json has the network as a member
      JsonNode json = new JsonMapper().readTree(Files.readAllBytes(Path.of(name)));
      return NetworkJson.read(json.has("network") ? json.get("network") : json);
    }
    return Networks.family(name)
        .map(family -> family.presets().values().iterator().next())
        .or(() -> Networks.preset(name))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--model: expected %s, %s or a JSON file, found '%s'"
                        .formatted(
                            Networks.FAMILIES.stream().map(Family::name).collect(joining(", ")),
                            String.join(", ", Networks.presetNames()),
                            name)));
  }

  static boolean isFile(String name) {
    return name.endsWith(".json");
  }
}
