package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerFileException;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.run.RunFolder;
import dev.mixer4j.finetune.run.RunRequest;
import dev.mixer4j.finetune.run.TrainingRun;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.NetworkJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Fine-tunes weights on labelled images; what {@code finetune-cifar train} does, for Java programs.
 *
 * <pre>{@code
 * FineTuningResult result =
 *     FineTuning.of(Path.of("mixer-b16.h5"), Path.of("flowers"))
 *         .set("epochs", 5)
 *         .set("validation_fraction", 0.1)
 *         .run(Path.of("run"), TrainingListener.NONE);
 * ImageClassifier classifier = ImageClassifier.load(result.weights());
 * }</pre>
 *
 * <p>Nothing is printed, and no native memory is held once a method returns. Each instance may be
 * run any number of times, into other folders, by one thread at a time. Runs are checkpointed: what
 * a killed process left, {@link #resume} takes up, with the same result.
 */
public final class FineTuning {

  private final Path weights; // null to train from scratch
  private final Network model; // null to start from weights
  private final Path data;
  private final ObjectNode settings = new JsonMapper().createObjectNode();
  private String recipe = Recipe.NAMES.get(0);
  private Integer imageSize;
  private long splitSeed;
  private int limitTrain = Integer.MAX_VALUE;
  private int limitTest = Integer.MAX_VALUE;
  private boolean overwrite;
  private Devices devices = Devices.AUTO;
  private List<String> command; // null for one that does the same

  private FineTuning(Path weights, Network model, Path data) {
    this.weights = weights;
    this.model = model;
    this.data = Objects.requireNonNull(data, "data");
  }

  /**
   * Prepares a training by the recipe {@code adam}: Adam at 1e-5, batches of 16, two epochs.
   *
   * @param weights to start from, of any format that weight-import reads; a head that has not the
   *     data's number of classes is replaced by one of zeros
   * @param data CIFAR-10 or CIFAR-100 (binary or Python version, folder or archive), MNIST's files,
   *     or pictures in {@code train/CLASS} and {@code test/CLASS}, or in {@code CLASS}
   * @return a training that is not started yet
   */
  public static FineTuning of(Path weights, Path data) {
    return new FineTuning(Objects.requireNonNull(weights, "weights"), null, data);
  }

  /**
   * Prepares the training of a network from scratch, by the recipe {@code adam}.
   *
   * @param network to train; its head gets the number of classes of the data, and images are
   *     converted to its size and channels
   * @param data as for {@link #of}
   * @return a training that is not started yet
   */
  public static FineTuning scratch(Network network, Path data) {
    return new FineTuning(null, Objects.requireNonNull(network, "network"), data);
  }

  /**
   * Chooses another recipe.
   *
   * @param nameOrFile {@code adam}, {@code paper}, {@code linear-probe}, or a JSON file of settings
   * @return this
   */
  public FineTuning recipe(String nameOrFile) {
    recipe = Objects.requireNonNull(nameOrFile, "nameOrFile");
    return this;
  }

  /**
   * Replaces one of the recipe's settings. What they are called, mean and default to is in the
   * README of finetune-cifar; a run's {@code config.json} shows those that are on. They are checked
   * when the training starts.
   *
   * @param setting its name, such as {@code epochs}, {@code learning_rate}, {@code batch_size}
   * @param value a number, text, boolean or map (of an {@code optimizer}); null takes it away
   * @return this
   */
  public FineTuning set(String setting, Object value) {
    settings.set(Objects.requireNonNull(setting, "setting"), new JsonMapper().valueToTree(value));
    return this;
  }

  /**
   * Sets the size that images are resized to, for a training that starts from weights.
   *
   * @param size in pixels: the weights' own, the default, or a whole multiple of it
   * @return this
   */
  public FineTuning imageSize(int size) {
    imageSize = size;
    return this;
  }

  /**
   * Decides which pictures are held out where {@code validation_fraction} is set.
   *
   * @param seed 0 by default; one seed holds out the same ones each time
   * @return this
   */
  public FineTuning splitSeed(long seed) {
    splitSeed = seed;
    return this;
  }

  /**
   * Trains on the first so many images only.
   *
   * @param images above 0
   * @return this
   * @throws IllegalArgumentException if it is not
   */
  public FineTuning limitTrain(int images) {
    limitTrain = positive("limitTrain", images);
    return this;
  }

  /**
   * Measures the first so many test or validation images only.
   *
   * @param images above 0
   * @return this
   * @throws IllegalArgumentException if it is not
   */
  public FineTuning limitTest(int images) {
    limitTest = positive("limitTest", images);
    return this;
  }

  /**
   * Decides whether the files of an earlier run may be replaced.
   *
   * @param allowed false by default
   * @return this
   */
  public FineTuning overwrite(boolean allowed) {
    overwrite = allowed;
    return this;
  }

  /**
   * Decides where it computes. With {@link dev.mixer4j.core.Precision#FLOAT32}, the default of the
   * setting {@code precision}, a GPU's TF32 is switched off for the whole process.
   *
   * @param chosen {@link Devices#AUTO} by default
   * @return this
   */
  public FineTuning devices(Devices chosen) {
    devices = Objects.requireNonNull(chosen, "chosen");
    return this;
  }

  /**
   * Sets the command line that the report shows as the way to repeat the run.
   *
   * @param words of the command; by default, a {@code finetune-cifar train} that does the same
   * @return this
   */
  public FineTuning command(List<String> words) {
    command = List.copyOf(words);
    return this;
  }

  private static int positive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be above 0, found " + value);
    }
    return value;
  }

  /**
   * Trains.
   *
   * @param folder gets {@code best.h5}, {@code final.h5}, {@code metrics.csv}, {@code report.html}
   *     and what {@link #resume} needs; it is made where it is missing
   * @param listener is told how it goes
   * @return how it ended
   * @throws IllegalArgumentException if a setting is unknown or out of range
   * @throws DivergenceException if a loss or gradient is not finite
   * @throws MixerFileException if a file cannot be read or written
   * @throws MixerException if weights or data are not what they should be, the folder holds
   *     something that may not be replaced, or a device is not there
   */
  public FineTuningResult run(Path folder, TrainingListener listener) {
    Objects.requireNonNull(listener, "listener");
    return unchecked(
        folder, () -> new TrainingRun(listener, devices).start(request(folder), folder));
  }

  /**
   * Checks the settings and the folder, as {@link #run} does before it reads weights and data.
   *
   * @param folder as for {@link #run}
   * @throws IllegalArgumentException if a setting is unknown or out of range
   * @throws MixerException if the folder holds files that may not be replaced
   */
  public void check(Path folder) {
    unchecked(folder, () -> request(folder));
  }

  private RunRequest request(Path folder) throws IOException {
    RunRequest request =
        new RunRequest(
            command == null ? repetition(folder) : command,
            weights,
            imageSize,
            model,
            data,
            splitSeed,
            limitTrain,
            limitTest,
            settings());
    RunFolder.check(folder, overwrite);
    if (weights != null && RunFolder.replaces(folder, weights)) {
      throw new IllegalArgumentException(
          "the weights to start from are a file of the run's folder, which would be replaced: if the"
              + " run stopped early it could not be resumed; name another folder");
    }
    return request;
  }

  private TrainSettings settings() throws IOException {
    try {
      return TrainSettings.fromJson(Recipe.with(Recipe.load(recipe), settings));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "recipe " + recipe + " with these settings: " + e.getMessage(), e);
    }
  }

  private List<String> repetition(Path folder) {
    List<String> words = new ArrayList<>(List.of("finetune-cifar", "train"));
    words.addAll(List.of("--recipe", folder.resolve(RunFolder.CONFIG).toString()));
    words.addAll(List.of("--data", data.toString()));
    words.addAll(model == null ? List.of("--weights", weights.toString()) : modelOptions());
    words.addAll(List.of("--split-seed", Long.toString(splitSeed), "--out", folder + "-again"));
    if (imageSize != null) {
      words.addAll(List.of("--image-size", imageSize.toString()));
    }
    if (limitTrain < Integer.MAX_VALUE) {
      words.addAll(List.of("--limit-train", Integer.toString(limitTrain)));
    }
    if (limitTest < Integer.MAX_VALUE) {
      words.addAll(List.of("--limit-test", Integer.toString(limitTest)));
    }
    return words;
  }

  private List<String> modelOptions() {
    ImageInput input = model.input();
    List<String> words = new ArrayList<>(List.of("--model", model.family()));
    ObjectNode own = NetworkJson.write(model).without(List.of("family", "classes", "input"));
    own.properties()
        .forEach(
            setting -> {
              words.add("--" + setting.getKey().replace('_', '-'));
              words.add(setting.getValue().asText());
            });
    words.addAll(List.of("--image-size", Integer.toString(input.height())));
    words.addAll(List.of("--channels", Integer.toString(input.channels())));
    if (!settings.has("mean")) {
      words.addAll(List.of("--mean", ImageInput.channelsText(input.mean())));
    }
    if (!settings.has("std")) {
      words.addAll(List.of("--std", ImageInput.channelsText(input.std())));
    }
    return words;
  }

  /**
   * Goes on with a run that was interrupted, from its last checkpoint or, before the first one,
   * from the start. It ends as it would have ended without the interruption.
   *
   * @param folder as it was given to {@link #run}; it may have been moved, the data may not
   * @param listener is told how it goes
   * @return how it ended
   * @throws MixerException if the folder holds no run, or one that is finished, or if the data or
   *     the weights to start from are not those of before; and as {@link #run}
   */
  public static FineTuningResult resume(Path folder, TrainingListener listener) {
    return resume(folder, listener, Devices.AUTO);
  }

  /**
   * As the other, on devices of choice.
   *
   * @param folder as it was given to {@link #run}; it may have been moved, the data may not
   * @param listener is told how it goes
   * @param devices on others than before the last bits of the result are others
   * @return how it ended
   * @throws MixerException as the other, or if a device is not there
   */
  public static FineTuningResult resume(Path folder, TrainingListener listener, Devices devices) {
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(devices, "devices");
    return unchecked(folder, () -> new TrainingRun(listener, devices).resume(folder));
  }

  /**
   * {@return whether a folder holds a run that came to its end, so that there is nothing to resume}
   *
   * @param folder as it was given to {@link #run}
   */
  public static boolean isFinished(Path folder) {
    return RunFolder.isFinished(folder);
  }

  @FunctionalInterface
  private interface Work<T> {
    T run() throws IOException;
  }

  private static <T> T unchecked(Path folder, Work<T> work) {
    try {
      return work.run();
    } catch (FileAlreadyExistsException e) {
      throw new MixerException(
          folder
              + ": expected a new or empty folder, found one with files; resume continues a run, and"
              + " overwrite(true) replaces it",
          e);
    } catch (IOException e) {
      throw failed(folder, e);
    } catch (UncheckedIOException e) {
      throw failed(folder, e.getCause());
    }
  }

  private static MixerException failed(Path folder, IOException e) {
    boolean named = e.getMessage() != null && e.getMessage().startsWith(folder.toString());
    return named ? new MixerException(e.getMessage(), e) : new MixerFileException(folder, e);
  }
}
