package dev.mixer4j.finetune;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Regularization;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.finetune.optim.OptimizerSettings;
import dev.mixer4j.finetune.optim.Schedule;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What decides how a training run goes, beside its weights and data: what a recipe holds and {@code
 * config.json} keeps, in JSON with these names in snake_case. A component that is null is not given
 * or not done.
 *
 * @param optimizer the rule and its numbers
 * @param learningRate the schedule's base
 * @param schedule how the rate goes from there to 0, or for {@code linear} to 1e-5
 * @param warmupSteps during which the rate grows from 0
 * @param epochs how often each image is trained on; null where steps are given
 * @param steps how many updates; null where epochs are given
 * @param batchSize images in an update; an epoch's last has what is left
 * @param microBatchSize images that the device takes at once; null for the whole batch
 * @param clipNorm the largest global norm of the gradients
 * @param headOnly whether all but the head stays as it is
 * @param newHead whether to start from a head of zeros even where the weights' own fits
 * @param cropMinArea the least share of an image that a random crop covers; null for no crops
 * @param flip whether images are mirrored at random
 * @param mean of pixels scaled to [0, 1], as text; null for the weights' own
 * @param std as the mean
 * @param labelSmoothing share of a label that is spread over all classes
 * @param mixup alpha of its Beta distribution; 0 for none
 * @param dropout share of the MLPs' activations that a step drops
 * @param stochasticDepth share of images that skip the last block's branches
 * @param emaDecay of the weights' moving average, which then is what is measured and kept
 * @param validationFraction of the training images that is held out; 0 for none
 * @param shuffle whether each epoch has an order of its own
 * @param seed of order, augmentation and what is dropped
 * @param cache where the training images stay
 * @param logEvery steps between two rows of the metrics
 * @param evalEvery steps between two measurements; null for each epoch's end
 * @param saveEvery steps between two checkpoints; null for each measurement
 * @param keep how many checkpoints stay
 * @param patience measurements without a new best after which training ends; null for no such end
 */
record TrainSettings(
    OptimizerSettings optimizer,
    double learningRate,
    Schedule.Decay schedule,
    long warmupSteps,
    Integer epochs,
    Long steps,
    int batchSize,
    Integer microBatchSize,
    Double clipNorm,
    boolean headOnly,
    boolean newHead,
    Double cropMinArea,
    boolean flip,
    String mean,
    String std,
    double labelSmoothing,
    double mixup,
    float dropout,
    float stochasticDepth,
    Double emaDecay,
    double validationFraction,
    Boolean shuffle,
    long seed,
    Cache cache,
    int logEvery,
    Long evalEvery,
    Long saveEvery,
    int keep,
    Integer patience) {

  /** Where the training images stay. */
  enum Cache {
    /** In Java's memory; each step hands its batch over. */
    HOST,
    /** All of them in the memory of the device that computes. */
    DEVICE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final long DEFAULT_SEED = 1024;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  /** Fills in what may be left out, and checks the rest. */
  TrainSettings {
    optimizer = Objects.requireNonNullElseGet(optimizer, () -> OptimizerSettings.of("adam"));
    schedule = Objects.requireNonNullElse(schedule, Schedule.Decay.CONSTANT);
    shuffle = Objects.requireNonNullElse(shuffle, true);
    cache = Objects.requireNonNullElse(cache, Cache.HOST);
    logEvery = logEvery == 0 ? 50 : logEvery;
    keep = keep == 0 ? 1 : keep;
    require(learningRate > 0 && Double.isFinite(learningRate), "learning_rate: above 0");
    require(warmupSteps >= 0, "warmup_steps: 0 or more");
    require((epochs == null) != (steps == null), "either epochs or steps, not both");
    require(epochs == null || epochs > 0, "epochs: above 0");
    require(steps == null || steps > 0, "steps: above 0");
    require(batchSize > 0, "batch_size: above 0");
    require(microBatchSize == null || microBatchSize > 0, "micro_batch_size: above 0");
    require(
        clipNorm == null || clipNorm > 0 && Double.isFinite(clipNorm),
        "clip_norm: above 0, finite");
    require(cropMinArea == null || cropMinArea > 0 && cropMinArea <= 1, "crop_min_area: 0 to 1");
    requireRgb("mean", mean);
    requireRgb("std", std);
    require(0 <= labelSmoothing && labelSmoothing < 1, "label_smoothing: 0 to 1");
    require(mixup >= 0 && Double.isFinite(mixup), "mixup: 0 or more");
    require(0 <= dropout && dropout < 1, "dropout: 0 to 1");
    require(0 <= stochasticDepth && stochasticDepth < 1, "stochastic_depth: 0 to 1");
    require(emaDecay == null || 0 < emaDecay && emaDecay < 1, "ema_decay: 0 to 1");
    require(0 <= validationFraction && validationFraction < 1, "validation_fraction: 0 to 1");
    require(logEvery > 0 && keep > 0, "log_every and keep: above 0");
    require(evalEvery == null || evalEvery > 0, "eval_every: above 0");
    require(saveEvery == null || saveEvery > 0, "save_every: above 0");
    require(patience == null || patience > 0, "patience: above 0");
  }

  private static void requireRgb(String setting, String text) {
    try {
      if (text != null) {
        Rgb.parse(text);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting + ": " + e.getMessage(), e);
    }
  }

  private static void require(boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException("expected " + expected);
    }
  }

  /**
   * Reads settings; what may be left out may be missing.
   *
   * @throws IllegalArgumentException if one is unknown, of the wrong type or out of range
   */
  static TrainSettings fromJson(ObjectNode json) {
    try {
      ObjectNode whole = json.has("seed") ? json : json.deepCopy().put("seed", DEFAULT_SEED);
      return JSON.treeToValue(whole, TrainSettings.class);
    } catch (UnrecognizedPropertyException e) {
      throw new IllegalArgumentException("there is no setting " + path(e), e);
    } catch (InvalidFormatException e) {
      Object[] choices = e.getTargetType().getEnumConstants();
      throw new IllegalArgumentException(
          "%s: expected %s, found '%s'"
              .formatted(
                  path(e),
                  choices == null ? "a number" : "one of " + Arrays.toString(choices),
                  e.getValue()),
          e);
    } catch (JsonMappingException e) {
      Throwable cause = e.getCause();
      throw new IllegalArgumentException(
          cause instanceof IllegalArgumentException
              ? cause.getMessage()
              : path(e) + ": " + e.getOriginalMessage(),
          e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(JsonMappingException.Reference::getFieldName)
        .collect(Collectors.joining("."));
  }

  ObjectNode toJson() {
    return JSON.valueToTree(this);
  }

  Regularization regularization() {
    return new Regularization(dropout, stochasticDepth);
  }

  Optional<Mixup> mixing() {
    return mixup > 0 ? Optional.of(new Mixup(mixup)) : Optional.empty();
  }

  Optional<InceptionCrop> crop() {
    return Optional.ofNullable(cropMinArea)
        .map(
            area ->
                new InceptionCrop(
                    area,
                    InceptionCrop.DEFAULT.maxArea(),
                    InceptionCrop.DEFAULT.minAspect(),
                    InceptionCrop.DEFAULT.maxAspect()));
  }

  /** Images that the device takes at once. */
  int imagesAtOnce() {
    return microBatchSize == null ? batchSize : microBatchSize;
  }

  /** Updates in an epoch of so many images. */
  long stepsPerEpoch(int images) {
    return (images + (long) batchSize - 1) / batchSize;
  }

  /** Updates in the run. */
  long totalSteps(int images) {
    return steps != null ? steps : epochs * stepsPerEpoch(images);
  }

  /** Epochs in the run, of which the last may end in its middle. */
  long totalEpochs(int images) {
    return (totalSteps(images) + stepsPerEpoch(images) - 1) / stepsPerEpoch(images);
  }

  /**
   * The learning rates of the run.
   *
   * @throws MixerException if the warm-up would not end before the run does
   */
  Schedule rates(int images) {
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
