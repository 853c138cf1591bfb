package dev.mixer4j.weights.command;

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
import dev.mixer4j.core.network.VisionPermutator;
import dev.mixer4j.core.network.VisionTransformer;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The network that {@code --model} and the options of its family describe. */
public final class ModelOptions {

  /** The families, as in {@link Networks#FAMILIES}, which would load TensorFlow for the help. */
  public static final List<Class<? extends Network>> TYPES =
      List.of(
          Mixer.class,
          LeNet5.class,
          ResNet.class,
          MultilayerPerceptron.class,
          Gru.class,
          VisionTransformer.class,
          ResMlp.class,
          VisionPermutator.class);

  private ModelOptions() {}

  /** Adds the options of all families, and leaves the common ones of every command last. */
  public static CommandSpec add(CommandSpec command) {
    TYPES.forEach(type -> SettingOptions.add(command, type));
    for (String last : List.of("--verbose", "--help", "--version")) {
      OptionSpec option = command.findOption(last);
      if (option != null) {
        command.remove(option).addOption(option);
      }
    }
    return command;
  }

  /** The settings of any network that were given, in JSON. */
  public static List<String> given(CommandSpec command) {
    List<String> names = new ArrayList<>();
    for (Class<?> type : TYPES) {
      SettingOptions.given(command, type).fieldNames().forEachRemaining(names::add);
    }
    return names;
  }

  /** The images' channels by the data, where nothing else says it. */
  public interface DataChannels {
    Integer get() throws IOException;
  }

  /**
   * Builds a network.
   *
   * @param model its name, that of a family, preset or file, and settings, which options override
   * @param size of the images; null for the model's
   * @param channels of the images; null for the model's, or else the data's
   */
  public static Network network(
      CommandSpec command, ObjectNode model, Integer size, Integer channels, DataChannels data)
      throws IOException {
    String name = model.path("name").asText();
    Network base = base(name);
    ObjectNode changes = model.deepCopy().without(List.of("name", "image_size", "channels"));
    ObjectNode options = SettingOptions.given(command, base.getClass());
    for (String given : given(command)) {
      if (!options.has(given)) {
        throw new IllegalArgumentException(
            "--%s is not an option of --model %s".formatted(given.replace('_', '-'), name));
      }
    }
    changes.setAll(options);
    ImageInput input = base.input();
    Integer images = size != null ? size : number(model, "image_size");
    Integer wanted = channels != null ? channels : number(model, "channels");
    if (wanted == null && !isFile(name)) {
      wanted = data.get();
    }
    if (wanted != null && wanted != 1 && wanted != 3) {
      throw new IllegalArgumentException("--channels: expected 1 or 3, found " + wanted);
    }
    input = wanted == null ? input : input.withChannels(wanted);
    changes.set(
        "input", new JsonMapper().valueToTree(images == null ? input : input.withSize(images)));
    return NetworkJson.with(base, changes);
  }

  private static Integer number(ObjectNode model, String setting) {
    JsonNode value = model.path(setting);
    if (value.isMissingNode()) {
      return null;
    }
    if (!value.canConvertToInt() || value.asInt() < 1) {
      throw new IllegalArgumentException(
          setting + ": expected a whole number above 0, found " + value);
    }
    return value.asInt();
  }

  private static Network base(String name) throws IOException {
    if (isFile(name)) { // a run's config.json has the network as a member
      JsonNode json =
          new JsonMapper().readTree(RegularFile.read(Path.of(name), BoundedJson.MAX_BYTES));
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
