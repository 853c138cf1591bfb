package dev.mixer4j.finetune.run;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.report.Versions;
import dev.mixer4j.finetune.settings.Settings;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.format.elements.BoundedJson;
import dev.mixer4j.weights.format.elements.RegularFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The content of {@code config.json}: what is needed to repeat or resume a run. */
record RunConfig(
    List<String> command,
    ObjectNode settings,
    StartedFrom weights,
    ObjectNode network,
    Data data,
    Versions versions) {

  /** The file that a run starts from; without a path, it trains the network from scratch. */
  record StartedFrom(
      String path, Integer imageSize, String format, String sha256, boolean zeroHead) {}

  /** The data of a run; values that are null are not given. */
  record Data(
      String path,
      long splitSeed,
      Boolean skipBroken,
      Integer limitTrain,
      Integer limitTest,
      String kind,
      int trainImages,
      int validationImages,
      int testImages,
      List<String> classNames) {}

  static RunConfig of(RunRequest request, Start start, Dataset data, TrainingLoop.Images images) {
    return new RunConfig(
        request.command(),
        Settings.toJson(request.settings()),
        new StartedFrom(
            request.weights() == null ? null : absolute(request.weights()),
            request.imageSize(),
            start.origin().map(Origin::format).orElse(null),
            start.origin().map(Origin::sha256).orElse(null),
            start.zeroHead()),
        NetworkJson.write(start.weights().network()),
        data(request, data, images),
        Versions.current());
  }

  private static Data data(RunRequest request, Dataset data, TrainingLoop.Images images) {
    return new Data(
        absolute(request.data()),
        request.splitSeed(),
        request.skipBroken() ? true : null,
        limit(request.limitTrain()),
        limit(request.limitTest()),
        data.kind(),
        images.train().size(),
        images.validation().size(),
        images.test().size(),
        data.classNames());
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().normalize().toString();
  }

  private static Integer limit(int images) {
    return images == Integer.MAX_VALUE ? null : (Integer) images;
  }

  /** Reads a run's configuration; {@link MixerException} if it is missing or damaged. */
  static RunConfig read(Path run) throws IOException {
    Path file = run.resolve(RunFolder.CONFIG);
    if (!Files.exists(file)) {
      throw new MixerException(
          "%s: expected a run to resume, found no %s; start it again"
              .formatted(run, RunFolder.CONFIG));
    }
    try {
      RunConfig config =
          Settings.json()
              .readerFor(RunConfig.class)
              .without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
              .readValue(RegularFile.read(file, BoundedJson.MAX_BYTES));
      config.request(); // checks the settings
      config.trained();
      return config;
    } catch (JsonParseException e) {
      throw new MixerException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (JsonProcessingException e) {
      throw new MixerException(
          file + ": " + e.getOriginalMessage() + "; was it written by another version?", e);
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new MixerException(
          "%s: %s; was it written by another version?".formatted(file, e.getMessage()), e);
    }
  }

  /** This configuration with another number of epochs, from the start of the run on. */
  RunConfig extended(int epochs) {
    ObjectNode longer = settings.deepCopy().put("epochs", epochs).without(List.of("steps"));
    List<String> words = new ArrayList<>(command);
    words.removeIf(word -> word.matches("--(epochs|steps)=.*"));
    for (String option : List.of("--epochs", "--steps")) {
      int at = words.indexOf(option);
      if (at >= 0) {
        words.subList(at, Math.min(at + 2, words.size())).clear();
      }
    }
    words.addAll(List.of("--epochs", Integer.toString(epochs)));
    return new RunConfig(words, longer, weights, network, data, versions);
  }

  RunRequest request() {
    return new RunRequest(
        command,
        weights.path == null ? null : Path.of(weights.path),
        weights.imageSize,
        weights.path == null ? trained() : null,
        Path.of(data.path),
        data.splitSeed,
        Boolean.TRUE.equals(data.skipBroken),
        Objects.requireNonNullElse(data.limitTrain, Integer.MAX_VALUE),
        Objects.requireNonNullElse(data.limitTest, Integer.MAX_VALUE),
        TrainSettings.fromJson(settings));
  }

  ModelInfo info() {
    return new ModelInfo(
        data.classNames,
        Optional.of(ImageTransform.FIT),
        Optional.ofNullable(weights.format).map(format -> new Origin(format, weights.sha256)));
  }

  /** The network, whose weights the checkpoints hold. */
  Network trained() {
    return NetworkJson.read(network);
  }

  /** Checks the data: with other data, image order, schedule and labels would change. */
  void checkData(RunRequest request, Dataset now, TrainingLoop.Images images) {
    JsonNode before = Settings.toJson(data);
    for (Map.Entry<String, JsonNode> found :
        Settings.toJson(data(request, now, images)).properties()) {
      if (!found.getValue().equals(before.get(found.getKey()))) {
        throw new MixerException(
            "%s: expected the data that the run began with, of %s %s, found %s"
                .formatted(
                    request.data(), found.getKey(), before.get(found.getKey()), found.getValue()));
      }
    }
  }
}
