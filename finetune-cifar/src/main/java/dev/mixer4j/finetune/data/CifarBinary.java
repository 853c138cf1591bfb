package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The binary layouts: records of one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100), and
 * the red, green and blue planes of an image; and a text file with a class name a line.
 */
enum CifarBinary implements Cifar.Layout {
  CIFAR10(
      "CIFAR-10, binary version", "data_batch_.*\\.bin", "test_batch.bin", "batches.meta.txt", 1),
  CIFAR100("CIFAR-100, binary version", "train\\.bin", "test.bin", "fine_label_names.txt", 2);

  /** A label is a byte. */
  private static final int MAX_CLASSES = 256;

  /** Far more than any list of names. */
  private static final int MAX_NAMES_BYTES = 1 << 20;

  private final String kind;
  private final Pattern trainFiles;
  private final String testFile;
  private final String namesFile;
  private final int labelBytes;

  CifarBinary(String kind, String trainFiles, String testFile, String namesFile, int labelBytes) {
    this.kind = kind;
    this.trainFiles = Pattern.compile(trainFiles);
    this.testFile = testFile;
    this.namesFile = namesFile;
    this.labelBytes = labelBytes;
  }

  @Override
  public String kind() {
    return kind;
  }

  @Override
  public List<String> trainFiles(DataFiles files) {
    return files.sizes().keySet().stream().filter(trainFiles.asMatchPredicate()).toList();
  }

  @Override
  public String testFile() {
    return testFile;
  }

  /** The names in the file; without a file, CIFAR-10's own. */
  @Override
  public List<String> classNames(DataFiles files) throws IOException {
    if (!files.has(namesFile)) {
      if (this == CIFAR10) {
        return Cifar.CIFAR10_NAMES;
      }
      throw new DatasetException(
          files.show(namesFile) + ": expected the classes' names, one a line, found no such file");
    }
    try (InputStream in = files.open(namesFile)) {
      String text = new String(in.readNBytes(MAX_NAMES_BYTES), StandardCharsets.UTF_8);
      List<String> names = text.lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
      if (names.isEmpty() || names.size() > MAX_CLASSES) {
        throw new DatasetException(
            "%s: expected 1 to %d class names, one a line, found %d"
                .formatted(files.show(namesFile), MAX_CLASSES, names.size()));
      }
      return names;
    }
  }

  @Override
  public void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
      throws IOException {
    byte[] record = new byte[labelBytes + Cifar.IMAGE];
    byte[] pixels = new byte[Cifar.IMAGE];
    long count = records(files, name, record.length);
    try (InputStream in = new BufferedInputStream(files.open(name), 1 << 16)) {
      for (long i = 0; i < count && to.size() < limit; i++) {
        if (in.readNBytes(record, 0, record.length) < record.length) {
          throw new DatasetException(
              files.show(name) + ": the file became shorter while it was read");
        }
        int label = Byte.toUnsignedInt(record[labelBytes - 1]);
        if (label >= classes) {
          String place =
              "%s: record %d at byte %d".formatted(files.show(name), i, i * record.length);
          throw Cifar.noClass(place, classes, label);
        }
        Cifar.interleave(record, labelBytes, pixels);
        to.add(label, pixels);
      }
    }
  }

  private long records(DataFiles files, String name, int bytesEach) {
    long bytes = files.sizes().get(name);
    if (bytes % bytesEach != 0) {
      throw new DatasetException(
          "%s: expected whole records of %d bytes, found %d bytes: %d records and %d bytes more;"
                  .formatted(
                      files.show(name), bytesEach, bytes, bytes / bytesEach, bytes % bytesEach)
              + " the file is cut off or not "
              + kind
              + ", get it again");
    }
    return bytes / bytesEach;
  }
}
