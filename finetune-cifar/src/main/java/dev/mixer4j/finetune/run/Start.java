package dev.mixer4j.finetune.run;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.HigherResolution;
import dev.mixer4j.weights.ImportOptions;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The weights that a run starts from.
 *
 * @param origin the file that they are read from; empty for a network from scratch
 * @param zeroHead whether the head of the file is replaced by one of zeros
 * @param assumed settings of the network that the file does not say
 */
record Start(Weights weights, Optional<Origin> origin, boolean zeroHead, List<String> assumed)
    implements AutoCloseable {

  static ImageInput input(RunRequest request) throws IOException {
    if (request.model() != null) {
      return normalized(request.model(), request.settings()).input();
    }
    Integer noHead = request.settings().newHead() ? 0 : null; // the file's may be any
    try (Checkpoint file = Checkpoint.open(request.weights(), options(request, noHead))) {
      ImageInput input = file.network().input();
      return request.imageSize() == null ? input : input.withSize(request.imageSize());
    }
  }

  /** Opens the weights of a request; a head is replaced if it has another number of classes. */
  static Start open(RunRequest request, int classes) throws IOException {
    if (request.model() != null) {
      return scratch(normalized(request.model(), request.settings()).withClasses(classes), request);
    }
    if (!request.settings().newHead()) {
      Checkpoint file = Checkpoint.open(request.weights(), options(request, null));
      if (file.network().classes() == classes) {
        return of(file, request);
      }
      file.close();
    }
    return of(Checkpoint.open(request.weights(), options(request, classes)), request);
  }

  /** Opens the weights of a run that stopped before its first checkpoint; they may not change. */
  static Start again(RunConfig config, RunRequest request) throws IOException {
    Network network = config.trained();
    if (request.model() != null) {
      return scratch(network, request);
    }
    Integer classes = config.weights().zeroHead() ? network.classes() : null;
    Start start = of(Checkpoint.open(request.weights(), options(request, classes)), request);
    String found = start.origin.orElseThrow().sha256();
    if (!found.equals(config.weights().sha256())) {
      start.close();
      throw new MixerException(
          "%s: expected the weights that the run started from, with SHA-256 %s, found %s"
              .formatted(request.weights(), config.weights().sha256(), found));
    }
    return start;
  }

  private static Start scratch(Network network, RunRequest request) {
    Weights weights = new InitialWeights(network, request.settings().seed());
    return new Start(weights, Optional.empty(), false, List.of());
  }

  private static Start of(Checkpoint file, RunRequest request) throws IOException {
    try {
      Weights weights =
          request.imageSize() == null ? file : HigherResolution.of(file, request.imageSize());
      boolean zeroHead = file.used().values().stream().noneMatch(v -> v.contains(Network.HEAD));
      return new Start(weights, Optional.of(file.origin()), zeroHead, file.assumed());
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static Network normalized(Network network, TrainSettings settings) {
    ImageInput input = network.input();
    try {
      return network.withInput(
          input.withNormalization(
              Objects.requireNonNullElse(settings.channelMeans(), input.mean()),
              Objects.requireNonNullElse(settings.channelStds(), input.std())));
    } catch (IllegalArgumentException e) {
      throw new MixerException(e.getMessage(), e);
    }
  }

  private static ImportOptions options(RunRequest request, Integer classes) {
    TrainSettings settings = request.settings();
    return new ImportOptions(classes, Map.of(), settings.channelMeans(), settings.channelStds());
  }

  @Override
  public void close() {
    weights.close();
  }
}
