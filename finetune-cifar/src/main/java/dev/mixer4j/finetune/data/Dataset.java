package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Labelled images in up to three splits that share no image. Validation images, a fraction of the
 * training images or a folder of their own, choose the best epoch; test images measure the result.
 * A folder of pictures may have no test images.
 *
 * <p>Only names and sizes are read before images are asked for. Each method that reads images takes
 * the first {@code limit} ones, and throws a {@link DatasetException} if a file is damaged.
 */
public abstract class Dataset {

  private final String kind;
  private final Path path;
  private final List<String> classNames;
  private final int channels;

  Dataset(String kind, Path path, List<String> classNames, int channels) {
    this.kind = kind;
    this.path = path;
    this.classNames = classNames;
    this.channels = channels;
  }

  /** Such as {@code CIFAR-10, binary version}. */
  public String kind() {
    return kind;
  }

  /** The folder of the files, or the archive. */
  public Path path() {
    return path;
  }

  /** In the order of the labels. */
  public List<String> classNames() {
    return classNames;
  }

  /** 1 for gray levels, 3 for red, green and blue. */
  public int channels() {
    return channels;
  }

  /** Refuses a data set without training images. */
  public abstract LabelledImages train(int limit) throws IOException;

  public LabelledImages validation(int limit) throws IOException {
    return LabelledImages.none();
  }

  /** Whether there are validation images. */
  public boolean hasValidation() {
    return false;
  }

  /**
   * The images that {@link #train}, {@link #validation} and {@link #test} left out because they
   * cannot be read, each in a sentence.
   */
  public List<String> broken() {
    return List.of();
  }

  /**
   * Refuses broken images, after the wanted images were read.
   *
   * @param skip whether they are left out instead
   * @param warn receives a sentence for each of them
   */
  public void checkBroken(boolean skip, Consumer<String> warn) {
    List<String> broken = broken();
    broken.forEach(problem -> warn.accept((skip ? "skipped: " : "") + problem));
    if (!skip && !broken.isEmpty()) {
      throw new DatasetException(
          "%s: %d %s cannot be read; repair or remove them, or give --skip-broken to leave them out"
              .formatted(path, broken.size(), broken.size() == 1 ? "image" : "images"));
    }
  }

  /** Whether there are test images. */
  public boolean hasTest() {
    return true;
  }

  /** Refuses a data set without test images. */
  public abstract LabelledImages test(int limit) throws IOException;

  /** What of the files is not used, each in a sentence. */
  public List<String> notes() {
    return List.of();
  }
}
