package dev.mixer4j.finetune.run;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a caller asks of a run.
 *
 * @param weights to start from; null to train a network from scratch
 * @param imageSize that images are resized to; null for the weights' own
 * @param model the network to train from scratch; null to start from weights
 * @param skipBroken whether images that cannot be read are left out
 * @param limitTest largest number of validation or test images
 */
public record RunRequest(
    List<String> command,
    Path weights,
    Integer imageSize,
    Network model,
    Path data,
    long splitSeed,
    boolean skipBroken,
    int limitTrain,
    int limitTest,
    TrainSettings settings) {

  /** Held out of a folder of images that has neither test nor validation images. */
  private static final double HELD_OUT = 0.1;

  /** This request with the share of images to hold out settled, which may depend on the data. */
  RunRequest settled(ImageInput input) throws IOException {
    if (settings.validationFraction() != null) {
      return this;
    }
    Dataset dataset = Datasets.open(data, DatasetRequest.of(input, 0, splitSeed));
    double heldOut = dataset.hasTest() || dataset.hasValidation() ? 0 : HELD_OUT;
    return new RunRequest(
        command,
        weights,
        imageSize,
        model,
        data,
        splitSeed,
        skipBroken,
        limitTrain,
        limitTest,
        settings.withValidationFraction(heldOut));
  }

  Dataset dataset(ImageInput input) throws IOException {
    return Datasets.open(data, DatasetRequest.of(input, settings.validationFraction(), splitSeed));
  }
}
