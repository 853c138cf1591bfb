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
public interface Dataset {

  /** What it is, such as {@code CIFAR-10, binary version}. */
  String kind();

  /** Where it is: the folder of its files, or an archive. */
  Path path();

  /** The classes' names, in the order of the labels. */
  List<String> classNames();

  /**
   * Reads training images.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if there are none, or a file is cut off or not what it should be
   */
  LabelledImages train(int limit) throws IOException;

  /**
   * Reads validation images; none where none are held out.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if a file is cut off or not what it should be
   */
  LabelledImages validation(int limit) throws IOException;

  /**
   * Reads test images.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if there are none, or a file is cut off or not what it should be
   */
  LabelledImages test(int limit) throws IOException;
}
