package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Images with classes, in up to three parts that share no image.
 *
 * <ul>
 *   <li>The <b>training</b> images are trained on.
 *   <li>The <b>validation</b> images are what a training is measured on while it runs, and what its
 *       best epoch is chosen by. There are some where a fraction of the training images is held out
 *       ({@link DatasetRequest#validationFraction}), or where the data has a folder of its own for
 *       them besides one of test images.
 *   <li>The <b>test</b> images are for the last word. A folder of pictures without any is tested on
 *       those that are held out.
 * </ul>
 *
 * <p>Nothing but names and sizes is read before images are asked for.
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
   * Reads training images.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if there are none, or a file is cut off or damaged
   */
  public abstract LabelledImages train(int limit) throws IOException;

  /**
   * Reads validation images; none unless some are held out.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if a file is cut off or damaged
   */
  public LabelledImages validation(int limit) throws IOException {
    return LabelledImages.none();
  }

  /**
   * Reads test images.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if there are none, or a file is cut off or damaged
   */
  public abstract LabelledImages test(int limit) throws IOException;
}
