package dev.mixer4j.finetune;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A folder in CIFAR-10's binary layout (https://www.cs.toronto.edu/~kriz/cifar.html): {@code
 * data_batch_*.bin} and {@code test_batch.bin}, whose records are a label byte and the red, green
 * and blue planes of a 32x32 image, and {@code batches.meta.txt} with a class name a line. Any data
 * set can be brought into it: a file may hold any number of records, there may be any number of
 * training files, and the names say how many classes there are.
 */
public final class Cifar10 {

  private static final int SIZE = 32;
  private static final int PLANE = SIZE * SIZE;
  private static final int IMAGE = LabelledImages.CHANNELS * PLANE;
  private static final int RECORD = 1 + IMAGE;

  /** As many images as one Java array of bytes can hold. */
  private static final int MAX_IMAGES = (Integer.MAX_VALUE - 8) / IMAGE;

  private static final int MAX_CLASSES = 256;
  private static final String SUBFOLDER = "cifar-10-batches-bin";
  private static final String NAMES = "batches.meta.txt";

  private static final List<String> CLASS_NAMES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  private final Path folder;
  private final List<Path> trainFiles;
  private final List<String> classNames;

  private Cifar10(Path folder, List<Path> trainFiles, List<String> classNames) {
    this.folder = folder;
    this.trainFiles = trainFiles;
    this.classNames = classNames;
  }

  /**
   * Finds the files, in the folder itself or in its {@code cifar-10-batches-bin}, and reads the
   * class names; without {@code batches.meta.txt} they are CIFAR-10's own ten.
   *
   * @throws DatasetException if the folder holds no batch files, or unusable names
   */
  public static Cifar10 open(Path folder) throws IOException {
    for (Path candidate : List.of(folder, folder.resolve(SUBFOLDER))) {
      List<Path> trainFiles = trainFiles(candidate);
      if (!trainFiles.isEmpty() || Files.exists(testFile(candidate))) {
        return new Cifar10(candidate, trainFiles, readNames(candidate.resolve(NAMES)));
      }
    }
    throw new DatasetException(
        "%s: expected CIFAR-10's binary files data_batch_*.bin and test_batch.bin, here or in %s,"
                .formatted(folder, SUBFOLDER)
            + " found none; unpack cifar-10-binary.tar.gz from"
            + " https://www.cs.toronto.edu/~kriz/cifar.html there");
  }

  private static List<Path> trainFiles(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "data_batch_*.bin")) {
        found.forEach(files::add);
      }
    }
    files.sort(Comparator.comparing(path -> path.getFileName().toString()));
    return files;
  }

  private static Path testFile(Path folder) {
    return folder.resolve("test_batch.bin");
  }

  private static List<String> readNames(Path file) throws IOException {
    if (!Files.exists(file)) {
      return CLASS_NAMES;
    }
    List<String> names =
        Files.readAllLines(file).stream().map(String::strip).filter(s -> !s.isEmpty()).toList();
    if (names.isEmpty() || names.size() > MAX_CLASSES) {
      throw new DatasetException(
          "%s: expected 1 to %d class names, one a line, found %d"
              .formatted(file, MAX_CLASSES, names.size()));
    }
    return names;
  }

  /** Where the files lie. */
  public Path folder() {
    return folder;
  }

  /** The classes' names, in the order of the labels. */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * Reads the training images, of all files in the order of their names.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if a file is missing, cut off, or holds a label without a class
   */
  public LabelledImages train(int limit) throws IOException {
    if (trainFiles.isEmpty()) {
      throw new DatasetException(folder + ": expected at least one data_batch_*.bin, found none");
    }
    return read(trainFiles, limit);
  }

  /**
   * Reads the test images.
   *
   * @param limit how many at most: the first ones
   * @throws DatasetException if the file is missing, cut off, or holds a label without a class
   */
  public LabelledImages test(int limit) throws IOException {
    Path file = testFile(folder);
    if (!Files.exists(file)) {
      throw new DatasetException(file + ": expected CIFAR-10's test images, found no such file");
    }
    return read(List.of(file), limit);
  }

  private LabelledImages read(List<Path> files, int limit) throws IOException {
    long records = 0;
    for (Path file : files) {
      records += records(file);
    }
    long count = Math.min(records, limit);
    if (count < 1 || count > MAX_IMAGES) {
      throw new DatasetException(
          "%s: expected 1 to %d images in %s, found %d; take fewer (--limit-train, --limit-test)"
              .formatted(folder, MAX_IMAGES, names(files), count));
    }
    byte[] pixels = new byte[(int) count * IMAGE];
    byte[] labels = new byte[(int) count];
    int done = 0;
    for (Path file : files) {
      int wanted = (int) Math.min(records(file), count - done);
      readFile(file, done, wanted, pixels, labels);
      done += wanted;
    }
    return new LabelledImages(SIZE, SIZE, pixels, labels);
  }

  private static String names(List<Path> files) {
    return files.size() == 1
        ? files.get(0).getFileName().toString()
        : files.size() + " files data_batch_*.bin";
  }

  private static long records(Path file) throws IOException {
    long bytes = Files.size(file);
    if (bytes % RECORD != 0) {
      throw new DatasetException(
          "%s: expected whole records of %d bytes, found %d bytes: %d records and %d bytes more;"
                  .formatted(file, RECORD, bytes, bytes / RECORD, bytes % RECORD)
              + " the file is cut off or not CIFAR-10's binary version, get it again");
    }
    return bytes / RECORD;
  }

  private void readFile(Path file, int first, int count, byte[] pixels, byte[] labels)
      throws IOException {
    byte[] record = new byte[RECORD];
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      for (int i = 0; i < count; i++) {
        if (in.readNBytes(record, 0, RECORD) < RECORD) {
          throw new DatasetException(file + ": the file became shorter while it was read");
        }
        int label = Byte.toUnsignedInt(record[0]);
        if (label >= classNames.size()) {
          throw new DatasetException(
              "%s: record %d at byte %d: expected a label of 0 to %d (%d class names), found %d;"
                      .formatted(
                          file,
                          i,
                          (long) i * RECORD,
                          classNames.size() - 1,
                          classNames.size(),
                          label)
                  + " does %s name every class?".formatted(NAMES));
        }
        labels[first + i] = record[0];
        interleave(record, pixels, (first + i) * IMAGE);
      }
    }
  }

  /** From a record's planes of red, green and blue to red, green and blue of each pixel. */
  private static void interleave(byte[] record, byte[] pixels, int offset) {
    for (int p = 0; p < PLANE; p++) {
      pixels[offset + 3 * p] = record[1 + p];
      pixels[offset + 3 * p + 1] = record[1 + PLANE + p];
      pixels[offset + 3 * p + 2] = record[1 + 2 * PLANE + p];
    }
  }
}
