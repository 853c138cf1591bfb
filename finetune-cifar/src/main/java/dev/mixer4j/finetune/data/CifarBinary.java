package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The binary layouts: records of one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100), and
 * the red, green and blue planes of an image; and a text file with a class name a line.
 */
enum CifarBinary implements Cifar.Layout {
  CIFAR10(
      new Cifar.FileNames(
          "CIFAR-10, binary version", "data_batch_.*\\.bin", "test_batch.bin", "batches.meta.txt"),
      1),
  CIFAR100(
      new Cifar.FileNames(
          "CIFAR-100, binary version", "train\\.bin", "test.bin", "fine_label_names.txt"),
      2);

  /** A label is a byte. */
  private static final int MAX_CLASSES = 256;

  /** Far more than any list of names. */
  private static final int MAX_NAMES_BYTES = 1 << 20;

  private final Cifar.FileNames names;
  private final int labelBytes;

  CifarBinary(Cifar.FileNames names, int labelBytes) {
    this.names = names;
    this.labelBytes = labelBytes;
  }

  @Override
  public Cifar.FileNames names() {
    return names;
  }

  /** The names in the file; without a file, CIFAR-10's own. */
  @Override
  public List<String> classNames(DataFiles files) throws IOException {
    String namesFile = names.classNames();
    if (!files.has(namesFile)) {
      if (this == CIFAR10) {
        return Cifar.CIFAR10_NAMES;
      }
      throw new DatasetException(
          files.show(namesFile) + ": expected the classes' names, one a line, found no such file");
    }
    try (InputStream in = files.open(namesFile)) {
      String text = new String(in.readNBytes(MAX_NAMES_BYTES), StandardCharsets.UTF_8);
      List<String> found = text.lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
      if (found.isEmpty() || found.size() > MAX_CLASSES) {
        throw new DatasetException(
            "%s: expected 1 to %d class names, one a line, found %d"
                .formatted(files.show(namesFile), MAX_CLASSES, found.size()));
      }
      return found;
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
              + names.kind()
              + ", get it again");
    }
    return bytes / bytesEach;
  }
}
