package dev.mixer4j.finetune;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
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
 * @param precision of the network's products
 * @param xla whether TensorFlow's compiler joins operations
 * @param dropout share of the MLPs' activations that a step drops
 * @param stochasticDepth share of images that skip the last block's branches
 * @param emaDecay of the weights' moving average, which then is what is measured and kept
 * @param validationFraction of the training images that is held out; 0 for none
 * @param shuffle whether each epoch has an order of its own
 * @param seed of order, augmentation and what is dropped
 * @param cache where the training images stay; null for what the device makes of it
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
    Precision precision,
    boolean xla,
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
    precision = Objects.requireNonNullElse(precision, Precision.FLOAT32);
    logEvery = logEvery == 0 ? 50 : logEvery;
    keep = keep == 0 ? 1 : keep;
    require(finite(learningRate) && learningRate > 0, "learning_rate", "above 0", learningRate);
    require(warmupSteps >= 0, "warmup_steps", "0 or more", warmupSteps);
    if ((epochs == null) == (steps == null)) {
      throw new IllegalArgumentException(
          "expected either epochs or steps, found " + (epochs == null ? "neither" : "both"));
    }
    requirePositive("epochs", epochs);
    requirePositive("steps", steps);
    requirePositive("batch_size", batchSize);
    requirePositive("micro_batch_size", microBatchSize);
    requirePositive("clip_norm", clipNorm);
    require(
        cropMinArea == null || 0 < cropMinArea && cropMinArea <= 1,
        "crop_min_area",
        "above 0, up to 1",
        cropMinArea);
    requireRgb("mean", mean);
    requireRgb("std", std);
    requireShare("label_smoothing", labelSmoothing);
    require(finite(mixup) && mixup >= 0, "mixup", "0 or more", mixup);
    requireShare("dropout", dropout);
    requireShare("stochastic_depth", stochasticDepth);
    require(
        emaDecay == null || 0 < emaDecay && emaDecay < 1, "ema_decay", "between 0 and 1", emaDecay);
    requireShare("validation_fraction", validationFraction);
    requirePositive("log_every", logEvery);
    requirePositive("keep", keep);
    requirePositive("eval_every", evalEvery);
    requirePositive("save_every", saveEvery);
    requirePositive("patience", patience);
  }

  private static boolean finite(Number value) {
    return Double.isFinite(value.doubleValue());
  }

  private static void requirePositive(String setting, Number value) {
    require(value == null || finite(value) && value.doubleValue() > 0, setting, "above 0", value);
  }

  private static void requireShare(String setting, double value) {
    require(0 <= value && value < 1, setting, "0 to below 1", value);
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

  private static void require(boolean holds, String setting, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(
          "%s: expected %s, found %s".formatted(setting, expected, found));
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
    } catch (JsonMappingException e) {
      Throwable cause = e.getCause();
      throw new IllegalArgumentException(
          cause instanceof IllegalArgumentException
              ? cause.getMessage()
              : "%s: expected %s, found %s".formatted(path(e), expected(e), found(json, e)),
          e);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  private static String expected(JsonMappingException e) {
    Class<?> type =
        e instanceof MismatchedInputException mismatch
            ? mismatch.getTargetType()
            : e.getCause() instanceof InputCoercionException tooLarge
                ? tooLarge.getTargetType()
                : Object.class;
    if (type.isEnum()) {
      return "one of " + Arrays.toString(type.getEnumConstants());
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == int.class || type == Integer.class) {
      return "a whole number up to " + Integer.MAX_VALUE;
    }
    return type == long.class || type == Long.class
        ? "a whole number"
        : type == String.class ? "text" : "a number";
  }

  private static String found(JsonNode json, JsonMappingException e) {
    JsonNode found = json;
    for (JsonMappingException.Reference step : e.getPath()) {
      found = found.path(step.getFieldName());
    }
    return found.isTextual() ? "'" + found.textValue() + "'" : found.toString();
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

  /**
   * Makes definite what is left to the devices.
   *
   * @param place of the training images, where the settings name none
   * @param devices that share each batch, in micro-batches where there are several
   */
  TrainSettings settled(Cache place, int devices) {
    ObjectNode json = toJson();
    if (cache == null) {
      json.put("cache", place.toString());
    }
    if (microBatchSize == null && devices > 1) {
      json.put("micro_batch_size", (batchSize + devices - 1) / devices);
    }
    return fromJson(json);
  }

  /** Images that a device takes at once. */
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
