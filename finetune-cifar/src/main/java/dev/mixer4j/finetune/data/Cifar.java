package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.util.List;

/**
 * CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html), or other images of 32x32 in
 * one of their layouts, with any number of images and classes.
 */
final class Cifar extends Dataset {

  static final int SIZE = 32;
  static final int PLANE = SIZE * SIZE;
  static final int IMAGE = 3 * PLANE;

  static final List<String> CIFAR10_NAMES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  /** The names of a layout's files; those of training images are a pattern. */
  record FileNames(String kind, String train, String test, String classNames) {}

  /** The names and content of the files. */
  interface Layout {

    FileNames names();

    /** The files of training images, in the order of their names. */
    default List<String> trainFiles(DataFiles files) {
      return files.sizes().keySet().stream().filter(file -> file.matches(names().train)).toList();
    }

    /** Whether a folder has such files. */
    default boolean fits(DataFiles files) {
      return files.has(names().test) || !trainFiles(files).isEmpty();
    }

    List<String> classNames(DataFiles files) throws IOException;

    /** Adds a file's images, until there are {@code limit} in all. */
    void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
        throws IOException;
  }

  private final Layout layout;
  private final DataFiles files;

  /** Reads the names of the classes; 0 channels stand for the data's own. */
  Cifar(Layout layout, DataFiles files, int channels) throws IOException {
    super(
        layout.names().kind, files.path(), layout.classNames(files), channels == 0 ? 3 : channels);
    this.layout = layout;
    this.files = files;
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    List<String> names = layout.trainFiles(files);
    if (names.isEmpty()) {
      throw new DatasetException(
          "%s: expected training images beside %s, found none"
              .formatted(files.path(), layout.names().test));
    }
    return read(names, limit);
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    if (!files.has(layout.names().test)) {
      throw new DatasetException(
          files.show(layout.names().test) + ": expected the test images, found no such file");
    }
    return read(List.of(layout.names().test), limit);
  }

  private LabelledImages read(List<String> names, int limit) throws IOException {
    LabelledImages.Builder images = new LabelledImages.Builder(SIZE, SIZE, channels());
    for (String name : names) {
      layout.read(files, name, classNames().size(), limit, images);
    }
    if (images.size() == 0) {
      throw new DatasetException(files.show(names.get(0)) + ": expected images, found none");
    }
    return images.build();
  }

  /** From planes of red, green and blue to red, green and blue of each pixel. */
  static void interleave(byte[] planes, int offset, byte[] pixels) {
    for (int p = 0; p < PLANE; p++) {
      pixels[3 * p] = planes[offset + p];
      pixels[3 * p + 1] = planes[offset + PLANE + p];
      pixels[3 * p + 2] = planes[offset + 2 * PLANE + p];
    }
  }

  /** The error for a label without a class. */
  static DatasetException noClass(String place, int classes, long label) {
    return new DatasetException(
        "%s: expected a label of 0 to %d (%d class names), found %d; is every class named?"
            .formatted(place, classes - 1, classes, label));
  }
}
