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
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The weights that a run starts from.
 *
 * @param origin the file that they are read from; empty for a network from scratch
 * @param zeroHead whether the head of the file is replaced by one of zeros
 */
record Start(Weights weights, Optional<Origin> origin, boolean zeroHead) implements AutoCloseable {

  static ImageInput input(RunRequest request) throws IOException {
    if (request.model() != null) {
      return normalized(request.model(), request.settings()).input();
    }
    try (Checkpoint file = Checkpoint.open(request.weights(), options(request, null))) {
      ImageInput input = file.network().input();
      return request.imageSize() == null ? input : input.withSize(request.imageSize());
    }
  }

  /** Opens the weights of a request; a head is replaced if it has another number of classes. */
  static Start open(RunRequest request, int classes) throws IOException {
    if (request.model() != null) {
      Network network = normalized(request.model(), request.settings()).withClasses(classes);
      return new Start(scratch(network, request), Optional.empty(), false);
    }
    Checkpoint file = Checkpoint.open(request.weights(), options(request, null));
    if (file.network().classes() != classes || request.settings().newHead()) {
      file.close();
      file = Checkpoint.open(request.weights(), options(request, classes));
    }
    try {
      boolean zeroHead = file.used().values().stream().noneMatch(v -> v.contains(Network.HEAD));
      return new Start(resized(file, request), Optional.of(file.origin()), zeroHead);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Opens the weights of a run that stopped before its first checkpoint, if they have not changed.
   */
  static Start again(RunConfig config, RunRequest request) throws IOException {
    Network network = config.trained();
    if (request.model() != null) {
      return new Start(scratch(network, request), Optional.empty(), false);
    }
    boolean zeroHead = config.weights().zeroHead();
    Checkpoint file =
        Checkpoint.open(request.weights(), options(request, zeroHead ? network.classes() : null));
    try {
      Origin found = file.origin();
      if (!found.sha256().equals(config.weights().sha256())) {
        throw new MixerException(
            "%s: expected the weights that the run started from, with SHA-256 %s, found %s"
                .formatted(request.weights(), config.weights().sha256(), found.sha256()));
      }
      return new Start(resized(file, request), Optional.of(found), zeroHead);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static Weights scratch(Network network, RunRequest request) {
    return new InitialWeights(network, request.settings().seed());
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

  private static Weights resized(Checkpoint file, RunRequest request) {
    return request.imageSize() == null ? file : HigherResolution.of(file, request.imageSize());
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
