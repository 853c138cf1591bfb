package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html), or other images of 32x32 in
 * one of their layouts, with any number of images per file and any number of named classes.
 */
final class Cifar extends Dataset {

  static final int SIZE = 32;
  static final int PLANE = SIZE * SIZE;
  static final int IMAGE = 3 * PLANE;

  private static final List<String> CIFAR10_NAMES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  /** Reads files of one version. */
  interface Format {

    List<String> classNames(DataFiles files, String name) throws IOException;

    /** Adds a file's images, until there are {@code limit} in all. */
    void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
        throws IOException;
  }

  /**
   * A version's files.
   *
   * @param usualNames class names without a names file; empty if that file is needed
   * @param alone whether the images' file names suffice to recognise the layout
   */
  private record Layout(
      String kind,
      String trainFiles,
      String testFile,
      String namesFile,
      List<String> usualNames,
      boolean alone,
      Format format) {

    List<String> trainFiles(DataFiles files) {
      Pattern pattern = Pattern.compile(trainFiles);
      return files.files().keySet().stream().filter(pattern.asMatchPredicate()).toList();
    }

    boolean fits(DataFiles files) {
      return (files.has(testFile) || !trainFiles(files).isEmpty())
          && (alone || files.has(namesFile));
    }

    List<String> classNames(DataFiles files) throws IOException {
      if (files.has(namesFile)) {
        return format.classNames(files, namesFile);
      }
      if (usualNames.isEmpty()) {
        throw new DatasetException(
            files.show(namesFile)
                + ": expected the classes' names, one per line, found no such file");
      }
      return usualNames;
    }
  }

  private static final List<Layout> LAYOUTS =
      List.of(
          new Layout(
              "CIFAR-10, binary version",
              "data_batch_.*\\.bin",
              "test_batch.bin",
              "batches.meta.txt",
              CIFAR10_NAMES,
              true,
              new CifarBinary(1)),
          new Layout(
              "CIFAR-100, binary version",
              "train\\.bin",
              "test.bin",
              "fine_label_names.txt",
              List.of(),
              true,
              new CifarBinary(2)),
          new Layout(
              "CIFAR-10, Python version",
              "data_batch_[0-9]+",
              "test_batch",
              "batches.meta",
              CIFAR10_NAMES,
              true,
              new CifarPickle("labels", "label_names")),
          new Layout(
              "CIFAR-100, Python version",
              "train",
              "test",
              "meta",
              List.of(),
              false, // "train" and "test" may be anybody's
              new CifarPickle("fine_labels", "fine_label_names")));

  private final Layout layout;
  private final DataFiles files;

  private Cifar(Layout layout, DataFiles files, int channels) throws IOException {
    super(layout.kind(), files.path(), layout.classNames(files), channels);
    this.layout = layout;
    this.files = files;
  }

  /** Adds the data sets of a folder, none to four; reads class names only. */
  static void find(DataFiles files, DatasetRequest request, List<Dataset> to) throws IOException {
    for (Layout layout : LAYOUTS) {
      if (layout.fits(files)) {
        to.add(new Cifar(layout, files, request.channelsOr(3)));
      }
    }
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    List<String> names = layout.trainFiles(files);
    if (names.isEmpty()) {
      throw new DatasetException(
          "%s: expected training images beside %s, found none"
              .formatted(files.path(), layout.testFile()));
    }
    return read(names, limit);
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    if (!files.has(layout.testFile())) {
      throw new DatasetException(
          files.show(layout.testFile()) + ": expected the test images, found no such file");
    }
    return read(List.of(layout.testFile()), limit);
  }

  private LabelledImages read(List<String> names, int limit) throws IOException {
    LabelledImages.Builder images = new LabelledImages.Builder(SIZE, SIZE, channels());
    for (String name : names) {
      layout.format().read(files, name, classNames().size(), limit, images);
    }
    if (images.size() == 0) {
      throw new DatasetException(files.show(names.get(0)) + ": expected images, found none");
    }
    return images.build();
  }

  /** Adds an image of red, green and blue planes; its place is for messages. */
  static void add(
      String place, long label, int classes, byte[] planes, int offset, LabelledImages.Builder to) {
    if (label < 0 || label >= classes) {
      throw new DatasetException(
          "%s: expected a label of 0 to %d (%d class names), found %d; is every class named?"
              .formatted(place, classes - 1, classes, label));
    }
    byte[] pixels = new byte[IMAGE];
    for (int i = 0; i < IMAGE; i++) {
      pixels[i] = planes[offset + i % 3 * PLANE + i / 3];
    }
    to.add((int) label, pixels);
  }
}
