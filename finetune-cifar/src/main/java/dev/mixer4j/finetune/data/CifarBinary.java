package dev.mixer4j.finetune.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The binary version: records of one label byte (CIFAR-10) or two, coarse and fine (CIFAR-100), and
 * the red, green and blue planes of an image; and a text file with a class name per line.
 */
record CifarBinary(int labelBytes) implements Cifar.Format {

  /** A label is a byte. */
  private static final int MAX_CLASSES = 256;

  private static final int MAX_NAMES_BYTES = 1 << 20;

  @Override
  public List<String> classNames(DataFiles files, String file) throws IOException {
    try (InputStream in = files.files().get(file).open()) {
      String text = new String(in.readNBytes(MAX_NAMES_BYTES), StandardCharsets.UTF_8);
      List<String> names = text.lines().map(String::strip).filter(s -> !s.isEmpty()).toList();
      if (names.isEmpty() || names.size() > MAX_CLASSES) {
        throw new DatasetException(
            "%s: expected 1 to %d class names, one per line, found %d"
                .formatted(files.show(file), MAX_CLASSES, names.size()));
      }
      return names;
    }
  }

  @Override
  public void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
      throws IOException {
    byte[] record = new byte[labelBytes + Cifar.IMAGE];
    String shown = files.show(name);
    long bytes = files.files().get(name).size();
    long count = bytes / record.length;
    if (bytes % record.length != 0) {
      throw new DatasetException(
          "%s: expected whole records of %d bytes, found %d bytes: %d records and %d bytes more;"
                  .formatted(shown, record.length, bytes, count, bytes % record.length)
              + " the file is cut off or not CIFAR-%s, binary version, get it again"
                  .formatted(labelBytes == 1 ? "10" : "100"));
    }
    try (InputStream in = new BufferedInputStream(files.files().get(name).open(), 1 << 16)) {
      for (long i = 0; i < count && to.size() < limit; i++) {
        if (in.readNBytes(record, 0, record.length) < record.length) {
          throw new DatasetException(shown + ": the file became shorter while it was read");
        }
        int label = Byte.toUnsignedInt(record[labelBytes - 1]);
        String place = shown + ": record " + i + " at byte " + i * record.length;
        Cifar.add(place, label, classes, record, labelBytes, to);
      }
    }
  }
}
