package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Images with classes, in up to three parts that share no image. Training runs on the training
 * images, measures on the validation images if some are held out, and otherwise on the test images.
 * Only names and sizes are read before images are asked for.
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

  /** The kind of data, such as {@code CIFAR-10, binary version}. */
  public String kind() {
    return kind;
  }

  /** The folder of the files, or the archive. */
  public Path path() {
    return path;
  }

  /** The names of the classes, in the order of the labels. */
  public List<String> classNames() {
    return classNames;
  }

  /** The channels of the images: 1 for gray levels, 3 for red, green and blue. */
  public int channels() {
    return channels;
  }

  /**
   * Reads the first training images; {@link DatasetException} if there are none or a file is
   * damaged.
   */
  public abstract LabelledImages train(int limit) throws IOException;

  /** Reads the first validation images; none unless some are held out. */
  public LabelledImages validation(int limit) throws IOException {
    return LabelledImages.none();
  }

  /**
   * Reads the first test images; {@link DatasetException} if there are none or a file is damaged.
   */
  public abstract LabelledImages test(int limit) throws IOException;
}
