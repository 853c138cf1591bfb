package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerFileException;
import dev.mixer4j.core.Network;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.run.RunFolder;
import dev.mixer4j.finetune.run.RunRequest;
import dev.mixer4j.finetune.run.TrainingRun;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A training of a network on labelled images: fine-tuning from weights, or training from scratch.
 * It does what the command {@code finetune-cifar train} does.
 *
 * <pre>{@code
 * FineTuningResult result =
 *     FineTuning.of(Path.of("mixer-b16.h5"), Path.of("flowers"))
 *         .set("epochs", 5)
 *         .set("validation_fraction", 0.1)
 *         .run(Path.of("run"), TrainingListener.NONE);
 * try (ImageClassifier classifier = ImageClassifier.load(result.weights())) {
 *   List<Prediction> top = classifier.classify(image, 3);
 * }
 * }</pre>
 *
 * <p>Nothing is printed, and no native memory is held once a method returns. An instance may run
 * any number of times, into other folders, by one thread at a time. Runs are checkpointed: {@link
 * #resume} continues a run whose process was killed, with the same result.
 */
public final class FineTuning {

  private final Path weights; // null to train from scratch
  private final Network model; // null to start from weights
  private final Path data;
  private final ObjectNode settings = new JsonMapper().createObjectNode();
  private String recipe;
  private Integer imageSize;
  private long splitSeed;
  private boolean skipBroken;
  private int limitTrain = Integer.MAX_VALUE;
  private int limitTest = Integer.MAX_VALUE;
  private boolean overwrite;
  private Devices devices = Devices.AUTO;
  private List<String> command; // null for one that does the same

  private FineTuning(Path weights, Network model, Path data) {
    this.weights = weights;
    this.model = model;
    this.data = Objects.requireNonNull(data, "data");
    this.recipe = model == null ? Recipe.FOR_WEIGHTS : Recipe.FROM_SCRATCH;
  }

  /**
   * {@return a training by the recipe {@code adam}: Adam at 1e-5, batches of 16, two epochs}
   *
   * @param weights to start from, of any format that weight-import reads; a head is replaced by one
   *     of zeros if its number of classes is not the data's
   * @param data CIFAR-10 or CIFAR-100 (binary or Python version, folder or archive), MNIST's files,
   *     or images in {@code train/CLASS} and {@code test/CLASS}, or in {@code CLASS}
   */
  public static FineTuning of(Path weights, Path data) {
    return new FineTuning(Objects.requireNonNull(weights, "weights"), null, data);
  }

  /**
   * {@return the training of a network from scratch, by the recipe {@code mnist-adam}: Adam at
   * 1e-3, batches of 64, ten epochs, pixels in [-1, 1]}
   *
   * @param network to train; its head gets the number of classes of the data, and images are
   *     converted to its size and channels
   * @param data as for {@link #of}
   */
  public static FineTuning scratch(Network network, Path data) {
    return new FineTuning(null, Objects.requireNonNull(network, "network"), data);
  }

  /**
   * {@return this, with another recipe}
   *
   * @param nameOrFile one of this module's, such as {@code paper}, or a JSON file of settings; its
   *     network does not count
   */
  public FineTuning recipe(String nameOrFile) {
    recipe = Objects.requireNonNull(nameOrFile, "nameOrFile");
    return this;
  }

  /**
   * {@return this, with one of the recipe's settings replaced} The README of finetune-cifar lists
   * the settings. They are checked when the training starts.
   *
   * @param setting its name, such as {@code epochs}, {@code learning_rate}, {@code batch_size}
   * @param value a number, text, boolean or map (of an {@code optimizer}); null removes the setting
   */
  public FineTuning set(String setting, Object value) {
    settings.set(Objects.requireNonNull(setting, "setting"), new JsonMapper().valueToTree(value));
    return this;
  }

  /**
   * {@return this, with the size that images are resized to if weights are given}
   *
   * @param size in pixels: the weights' own, the default, or a whole multiple of it
   * @throws IllegalStateException if the network is trained from scratch
   */
  public FineTuning imageSize(int size) {
    if (model != null) {
      throw new IllegalStateException("the network decides the size; see Network.withInput");
    }
    imageSize = size;
    return this;
  }

  /**
   * {@return this, with a seed for the choice of images that are held out}
   *
   * @param seed 0 by default; used if images are held out, as the setting {@code
   *     validation_fraction} says
   */
  public FineTuning splitSeed(long seed) {
    splitSeed = seed;
    return this;
  }

  /**
   * {@return this, set to skip images that cannot be read, or not to} The listener gets a warning
   * for each. By default, training does not start if there are any.
   *
   * @param skip false by default
   */
  public FineTuning skipBroken(boolean skip) {
    skipBroken = skip;
    return this;
  }

  /**
   * {@return this, limited to the first training images}
   *
   * @param images how many, above 0
   * @throws IllegalArgumentException if it is not above 0
   */
  public FineTuning limitTrain(int images) {
    limitTrain = positive("limitTrain", images);
    return this;
  }

  /**
   * {@return this, limited to the first test or validation images}
   *
   * @param images how many, above 0
   * @throws IllegalArgumentException if it is not above 0
   */
  public FineTuning limitTest(int images) {
    limitTest = positive("limitTest", images);
    return this;
  }

  /**
   * {@return this, set to replace the files of an earlier run or not}
   *
   * @param allowed false by default
   */
  public FineTuning overwrite(boolean allowed) {
    overwrite = allowed;
    return this;
  }

  /**
   * {@return this, with the devices to train on} With {@link dev.mixer4j.core.Precision#FLOAT32},
   * the default of the setting {@code precision}, TF32 on GPUs is off for the whole process.
   *
   * @param chosen {@link Devices#AUTO} by default
   */
  public FineTuning devices(Devices chosen) {
    devices = Objects.requireNonNull(chosen, "chosen");
    return this;
  }

  /**
   * {@return this, with the command line that the report shows as the way to repeat the run}
   *
   * @param words of the command; by default, a {@code finetune-cifar train} that does the same
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
   *     and what {@link #resume} needs; it is created if it is missing
   * @param listener receives the progress
   * @return the outcome
   * @throws IllegalArgumentException if a setting is unknown or out of range
   * @throws DivergenceException if a loss or gradient is not finite
   * @throws MixerFileException if a file cannot be read or written
   * @throws MixerException if weights or data cannot be used, the folder holds files that may not
   *     be replaced, or a device is missing
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
            skipBroken,
            limitTrain,
            limitTest,
            settings());
    if (model != null && (request.settings().newHead() || request.settings().headOnly())) {
      throw new IllegalArgumentException(
          "%s: expected weights to keep below the head, found a network from scratch"
              .formatted(request.settings().newHead() ? "new_head" : "head_only"));
    }
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
    String config = folder.resolve(RunFolder.CONFIG).toString();
    List<String> words = new ArrayList<>(List.of("finetune-cifar", "train", "--recipe", config));
    words.addAll(List.of("--data", data.toString(), model == null ? "--weights" : "--model"));
    words.add(model == null ? weights.toString() : config);
    words.addAll(List.of("--split-seed", Long.toString(splitSeed), "--out", folder + "-again"));
    if (skipBroken) {
      words.add("--skip-broken");
    }
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

  /**
   * Resumes a run from its last checkpoint or, before the first one, from the start. The result is
   * that of a run without the interruption.
   *
   * @param folder as it was given to {@link #run}; it may have been moved, the data may not
   * @param listener receives the progress
   * @return the outcome
   * @throws MixerException if the folder holds no run or a finished one, or if the data or the
   *     weights to start from have changed; and as {@link #run}
   */
  public static FineTuningResult resume(Path folder, TrainingListener listener) {
    return resume(folder, listener, Devices.AUTO);
  }

  /**
   * Resumes a run on other devices.
   *
   * @param folder as it was given to {@link #run}; it may have been moved, the data may not
   * @param listener receives the progress
   * @param devices to train on; with other devices than before, the last bits of the result differ
   * @return the outcome
   * @throws MixerException as the other method, or if a device is missing
   */
  public static FineTuningResult resume(Path folder, TrainingListener listener, Devices devices) {
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(devices, "devices");
    return unchecked(folder, () -> new TrainingRun(listener, devices).resume(folder));
  }

  /**
   * Trains a run for more epochs, whether it is finished or not. With a constant learning rate, the
   * result is that of a run which was given these epochs at first. A run that stopped early gets
   * its patience again.
   *
   * @param folder as it was given to {@link #run}; it may have been moved, the data may not
   * @param epochs of the whole run, including those already done
   * @param listener receives the progress
   * @param devices to train on; with other devices than before, the last bits of the result differ
   * @return the outcome of the whole run
   * @throws MixerException if the folder holds no run, or one that has more steps already; and as
   *     {@link #resume}
   */
  public static FineTuningResult extend(
      Path folder, int epochs, TrainingListener listener, Devices devices) {
    Objects.requireNonNull(listener, "listener");
    Objects.requireNonNull(devices, "devices");
    positive("epochs", epochs);
    return unchecked(folder, () -> new TrainingRun(listener, devices).extend(folder, epochs));
  }

  /**
   * {@return whether a folder holds a finished run, so that there is nothing to resume}
   *
   * @param folder as it was given to {@link #run}
   */
  public static boolean isFinished(Path folder) {
    return RunFolder.isFinished(folder);
  }

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
