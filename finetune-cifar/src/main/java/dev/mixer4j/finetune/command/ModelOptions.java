package dev.mixer4j.finetune.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.network.LeNet5;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.core.network.ResNet;
import dev.mixer4j.weights.NetworkJson;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** The network that {@code --model} and the options of its family describe. */
final class ModelOptions {

  /** The families, as in {@link Networks#FAMILIES}, which would load TensorFlow for the help. */
  static final List<Class<? extends Network>> TYPES =
      List.of(Mixer.class, LeNet5.class, ResNet.class);

  private ModelOptions() {}

  /** The settings of any network that were given, in JSON. */
  static List<String> given(CommandSpec command) {
    List<String> names = new ArrayList<>();
    for (Class<?> type : TYPES) {
      SettingOptions.given(command, type).fieldNames().forEachRemaining(names::add);
    }
    return names;
  }

  /**
   * Makes a network.
   *
   * @param name of a family or preset
   * @param size of the images; null for the family's or preset's own
   * @throws IllegalArgumentException if there is no such network
   */
  static Network network(CommandSpec command, String name, Integer size, int channels) {
    Network base =
        Networks.family(name)
            .map(family -> family.presets().values().iterator().next())
            .or(() -> Networks.preset(name))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "--model: expected mixer, lenet5, resnet or one of %s, found '%s'"
                            .formatted(String.join(", ", Networks.presetNames()), name)));
    ObjectNode changes = SettingOptions.given(command, base.getClass());
    for (String given : given(command)) {
      if (!changes.has(given)) {
        throw new IllegalArgumentException(
            "--%s is not an option of --model %s".formatted(given.replace('_', '-'), name));
      }
    }
    ImageInput input = base.input().withChannels(channels);
    if (size != null) {
      input = input.withSize(size);
    }
    ObjectNode images = changes.putObject("input");
    images.put("height", input.height()).put("width", input.width()).put("channels", channels);
    input.mean().forEach(images.putArray("mean")::add);
    input.std().forEach(images.putArray("std")::add);
    return NetworkJson.with(base, changes);
  }
}
