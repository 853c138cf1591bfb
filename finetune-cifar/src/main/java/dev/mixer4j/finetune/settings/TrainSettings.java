package dev.mixer4j.finetune.settings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Setting;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.optim.Loss;
import dev.mixer4j.finetune.optim.Schedule;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * The settings of a training, except its weights and data: the content of recipes, and of {@code
 * config.json}, with names in snake_case. A component that is null is not given.
 */
public record TrainSettings(
    @Setting(value = "Times that each image is trained on.", range = "(0, inf)") Integer epochs,
    @Setting(value = "Updates in the run, instead of epochs.", range = "(0, inf)") Long steps,
    @Setting(value = "Images in an update.", range = "(0, inf)") int batchSize,
    @Setting(
            value =
                "Images that a device computes at once, as parts of a batch; 0 for the whole batch.",
            range = "(0, inf)",
            byDefault = "0")
        Integer microBatchSize,
    @Setting(
            value =
                "Precision of the network's matrix products: float32, tf32 (a GPU may round float32)"
                    + " or bfloat16. Weights and optimizer are always float32.",
            byDefault = "float32")
        Precision precision,
    @Setting(
            value = "Let TensorFlow's XLA compiler fuse operations; the first step takes longer.",
            byDefault = "false")
        boolean xla,
    @Setting("") OptimizerSettings optimizer,
    @Setting(
            value = "The optimizer's step size, before the schedule lowers it.",
            range = "(0, inf)",
            label = "RATE")
        double learningRate,
    @Setting(
            value = "Course of the learning rate: constant, linear (to 1e-5) or cosine (to 0).",
            byDefault = "constant")
        Schedule.Decay schedule,
    @Setting(
            value = "Updates during which the learning rate grows from 0.",
            range = "[0, inf)",
            byDefault = "0")
        long warmupSteps,
    @Setting(
            value = "Largest global norm of the gradients; 0 for no limit.",
            range = "(0, inf)",
            byDefault = "0")
        Double clipNorm,
    @Setting(value = "Train the head only.", byDefault = "false") boolean headOnly,
    @Setting(
            value = "Start from a head of zeros even if the network's own head fits the data.",
            byDefault = "false")
        boolean newHead,
    @Setting(
            value = "Crop images at random to at least this share of their area; 0 for no crops.",
            range = "(0, 1]",
            byDefault = "0")
        Double cropMinArea,
    @Setting(value = "Mirror images at random.", byDefault = "false") boolean flip,
    @Setting(
            value = "Mean of pixels scaled to [0, 1].",
            label = "R,G,B",
            byDefault = "the network's own")
        String mean,
    @Setting(
            value = "Standard deviation of pixels scaled to [0, 1].",
            label = "R,G,B",
            byDefault = "the network's own")
        String std,
    @Setting(
            value = "The loss: cross-entropy, or mse, the mean squared error to one-hot targets.",
            byDefault = "cross-entropy")
        Loss loss,
    @Setting(
            value = "Share of a label that is spread over all classes (label smoothing).",
            range = "[0, 1)")
        double labelSmoothing,
    @Setting(value = "Alpha of mixup's Beta distribution; 0 for no mixup.", range = "[0, inf)")
        double mixup,
    @Setting(value = "Share of the MLPs' activations that dropout drops.", range = "[0, 1)")
        float dropout,
    @Setting(
            value =
                "Share of images that skip the last block (stochastic depth); 0 in the first block.",
            range = "[0, 1)")
        float stochasticDepth,
    @Setting(
            value = "Decay of a moving average of the weights, which is then measured; 0 for none.",
            range = "(0, 1)",
            byDefault = "0")
        Double emaDecay,
    @Setting(
            value = "Share of the training images that is held out for validation; 0 for none.",
            range = "[0, 1)",
            byDefault = "0.1 of a folder of images without test and validation images, else 0")
        Double validationFraction,
    @Setting(value = "Shuffle the images in each epoch.", byDefault = "true") boolean shuffle,
    @Setting(
            value = "Seed of order, crops, flips, mixup and dropout; the same seed repeats a run.",
            byDefault = "1024")
        long seed,
    @Setting(
            value = "Where the training images stay: host or device memory.",
            label = "PLACE",
            byDefault = "device on a GPU, up to 1 GB")
        Cache cache,
    @Setting(value = "Steps between two rows of metrics.csv.", range = "(0, inf)", byDefault = "50")
        int logEvery,
    @Setting(
            value = "Steps between two measurements.",
            range = "(0, inf)",
            byDefault = "each epoch")
        Long evalEvery,
    @Setting(
            value = "Steps between two checkpoints.",
            range = "(0, inf)",
            byDefault = "each measurement")
        Long saveEvery,
    @Setting(value = "Checkpoints to keep.", range = "(0, inf)", byDefault = "1") int keep,
    @Setting(
            value = "Stop early after this many measurements without a new best.",
            range = "(0, inf)")
        Integer patience) {

  public enum Cache {
    /** Java's memory; each step sends its batch to the device. */
    HOST,
    /** The device's own memory. */
    DEVICE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Reads settings; {@link IllegalArgumentException} as {@link Settings#fromJson}. */
  public static TrainSettings fromJson(ObjectNode json) {
    ObjectNode whole = Settings.withDefaults(json, TrainSettings.class);
    OptimizerSettings optimizer =
        whole.has("optimizer")
            ? OptimizerSettings.fromJson(whole.get("optimizer"))
            : OptimizerSettings.of("adam");
    whole.set("optimizer", Settings.toJson(optimizer));
    TrainSettings settings = Settings.fromJson(whole, TrainSettings.class);
    if ((settings.epochs == null) == (settings.steps == null)) {
      throw new IllegalArgumentException(
          "expected either epochs or steps, found "
              + (settings.epochs == null ? "neither" : "both"));
    }
    if (settings.microBatchSize != null && settings.microBatchSize > settings.batchSize) {
      throw new IllegalArgumentException(
          "micro_batch_size: expected at most the batch_size of %d, found %d"
              .formatted(settings.batchSize, settings.microBatchSize));
    }
    checkChannels("mean", settings.mean, Float::isFinite, "one finite number or three");
    checkChannels(
        "std",
        settings.std,
        value -> value > 0 && Float.isFinite(value),
        "one number above 0 or three");
    return settings;
  }

  private static void checkChannels(
      String setting, String text, Predicate<Float> allowed, String expected) {
    try {
      List<Float> values = text == null ? List.of(1f) : ImageInput.parseChannels(text);
      if (values.size() != 1 && values.size() != 3 || !values.stream().allMatch(allowed)) {
        throw new IllegalArgumentException("expected %s, found '%s'".formatted(expected, text));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting + ": " + e.getMessage(), e);
    }
  }

  /** The mean of each channel, or one for all; null for the network's own. */
  public List<Float> channelMeans() {
    return mean == null ? null : ImageInput.parseChannels(mean);
  }

  /** The standard deviation of each channel, or one for all; null for the network's own. */
  public List<Float> channelStds() {
    return std == null ? null : ImageInput.parseChannels(std);
  }

  /** The settings with this share of the training images held out. */
  public TrainSettings withValidationFraction(double fraction) {
    return fromJson(Settings.toJson(this).put("validation_fraction", fraction));
  }

  /** The settings with values that depend on the devices, for what the settings leave open. */
  public TrainSettings settled(Cache place, int devices) {
    ObjectNode json = Settings.toJson(this);
    if (cache == null) {
      json.put("cache", place.toString());
    }
    if (microBatchSize == null && devices > 1) {
      json.put("micro_batch_size", (batchSize + devices - 1) / devices);
    }
    return fromJson(json);
  }

  /** Images that a device computes at once. */
  public int imagesAtOnce() {
    return microBatchSize == null ? batchSize : microBatchSize;
  }

  public long stepsPerEpoch(int images) {
    return (images + (long) batchSize - 1) / batchSize;
  }

  public long totalSteps(int images) {
    return steps != null ? steps : epochs * stepsPerEpoch(images);
  }

  /** The learning rates; {@link MixerException} if the warm-up does not end before the run. */
  public Schedule rates(int images) {
    if (warmupSteps >= totalSteps(images)) {
      throw new MixerException(
          "expected fewer warm-up steps than the run's %d, found %d; change --warmup-steps, --epochs or --steps"
              .formatted(totalSteps(images), warmupSteps));
    }
    double end =
        schedule == Schedule.Decay.LINEAR ? Math.min(Schedule.LINEAR_END, learningRate) : 0;
    return new Schedule(schedule, learningRate, end, warmupSteps, totalSteps(images));
  }
}
