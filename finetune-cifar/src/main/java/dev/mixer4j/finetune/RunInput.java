package dev.mixer4j.finetune;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetOptions;
import dev.mixer4j.finetune.data.Datasets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a run is made from, which is what {@code --resume} needs of it.
 *
 * @param command the words that it was started with
 * @param weights to start from
 * @param imageSize that images are resized to; null for the weights' own
 * @param data folder or archive
 * @param splitSeed decides which pictures are held out
 * @param limitTrain training images at most
 * @param limitTest validation or test images at most
 * @param settings all else
 */
record RunInput(
    List<String> command,
    Path weights,
    Integer imageSize,
    Path data,
    long splitSeed,
    int limitTrain,
    int limitTest,
    TrainSettings settings) {

  /** Opens the data set. */
  Dataset dataset(int networkSize) throws IOException {
    double fraction = settings.validationFraction();
    return Datasets.open(
        data,
        new DatasetOptions(
            networkSize,
            fraction == 0 ? OptionalDouble.empty() : OptionalDouble.of(fraction),
            splitSeed));
  }

  /** Adds itself to what {@code config.json} will hold. */
  void addTo(ObjectNode config) {
    command.forEach(config.withArray("command")::add);
    config.set("settings", settings.toJson());
    ObjectNode start = config.withObject("/weights");
    start.put("path", weights.toAbsolutePath().normalize().toString());
    if (imageSize != null) {
      start.put("image_size", imageSize);
    }
    ObjectNode images = config.withObject("/data");
    images.put("path", data.toAbsolutePath().normalize().toString()).put("split_seed", splitSeed);
    if (limitTrain < Integer.MAX_VALUE) {
      images.put("limit_train", limitTrain);
    }
    if (limitTest < Integer.MAX_VALUE) {
      images.put("limit_test", limitTest);
    }
  }

  /**
   * Reads the config of a run.
   *
   * @throws MixerException if the folder is not a run's
   */
  static ObjectNode config(Path run) throws IOException {
    Path file = run.resolve(RunFolder.CONFIG);
    if (!Files.exists(file)) {
      throw new MixerException(
          "%s: expected a run to resume, found no %s; start it anew"
              .formatted(run, RunFolder.CONFIG));
    }
    try {
      if (new JsonMapper().readTree(Files.readAllBytes(file)) instanceof ObjectNode config) {
        return config;
      }
      throw new MixerException(file + ": expected a JSON object");
    } catch (JsonProcessingException e) {
      throw new MixerException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Reads what {@link #addTo} wrote.
   *
   * @throws MixerException if something is missing or makes no sense
   */
  static RunInput of(Path run, ObjectNode config) {
    try {
      List<String> command = new ArrayList<>();
      config.path("command").forEach(word -> command.add(word.asText()));
      JsonNode size = config.path("weights").path("image_size");
      return new RunInput(
          command,
          Path.of(config.required("weights").required("path").asText()),
          size.isMissingNode() ? null : (Integer) size.intValue(),
          Path.of(config.required("data").required("path").asText()),
          config.required("data").required("split_seed").longValue(),
          config.required("data").path("limit_train").asInt(Integer.MAX_VALUE),
          config.required("data").path("limit_test").asInt(Integer.MAX_VALUE),
          TrainSettings.fromJson((ObjectNode) config.required("settings")));
    } catch (IllegalArgumentException | ClassCastException e) {
      throw new MixerException(
          "%s: %s; was it written by another version?"
              .formatted(run.resolve(RunFolder.CONFIG), e.getMessage()),
          e);
    }
  }
}
