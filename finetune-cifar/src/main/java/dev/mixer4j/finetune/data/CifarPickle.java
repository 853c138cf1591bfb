package dev.mixer4j.finetune.data;

import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.pickle.PickledDictionary;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The Python layouts: pickled dictionaries, of which {@code data} is uint8 [images, 3072], the red,
 * green and blue planes of each image, and {@code labels} (CIFAR-10) or {@code fine_labels}
 * (CIFAR-100) a list of as many numbers.
 */
enum CifarPickle implements Cifar.Layout {
  CIFAR10(
      new Cifar.FileNames(
          "CIFAR-10, Python version", "data_batch_[0-9]+", "test_batch", "batches.meta"),
      "labels",
      "label_names"),
  CIFAR100(
      new Cifar.FileNames("CIFAR-100, Python version", "train", "test", "meta"),
      "fine_labels",
      "fine_label_names");

  private final Cifar.FileNames names;
  private final String labelsKey;
  private final String namesKey;

  CifarPickle(Cifar.FileNames names, String labelsKey, String namesKey) {
    this.names = names;
    this.labelsKey = labelsKey;
    this.namesKey = namesKey;
  }

  @Override
  public Cifar.FileNames names() {
    return names;
  }

  /** CIFAR-100's file names are common words, so all three must be there. */
  @Override
  public boolean fits(DataFiles files) {
    return Cifar.Layout.super.fits(files) && (this == CIFAR10 || files.has(names.classNames()));
  }

  /** The names in the file; without a file, CIFAR-10's own. */
  @Override
  public List<String> classNames(DataFiles files) throws IOException {
    String namesFile = names.classNames();
    if (!files.has(namesFile)) {
      return Cifar.CIFAR10_NAMES;
    }
    List<String> found = unpickle(files, namesFile, dictionary -> dictionary.texts(namesKey));
    if (found.isEmpty()) {
      throw new DatasetException(
          "%s: expected class names under '%s', found none"
              .formatted(files.show(namesFile), namesKey));
    }
    return found;
  }

  @Override
  public void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
      throws IOException {
    if (to.size() < limit) {
      unpickle(
          files,
          name,
          dictionary -> {
            add(files.show(name), dictionary, classes, limit, to);
            return null;
          });
    }
  }

  private void add(
      String file, PickledDictionary dictionary, int classes, int limit, LabelledImages.Builder to)
      throws IOException {
    long[] labels = dictionary.numbers(labelsKey);
    byte[] planes = new byte[Cifar.IMAGE];
    byte[] pixels = new byte[Cifar.IMAGE];
    try (InputStream in = dictionary.matrix("data", labels.length, Cifar.IMAGE)) {
      for (int i = 0; i < labels.length && to.size() < limit; i++) {
        if (labels[i] < 0 || labels[i] >= classes) {
          throw Cifar.noClass("%s: image %d".formatted(file, i), classes, labels[i]);
        }
        if (in.readNBytes(planes, 0, planes.length) < planes.length) {
          throw new EOFException("image " + i + " is cut off");
        }
        Cifar.interleave(planes, 0, pixels);
        to.add((int) labels[i], pixels);
      }
    }
  }

  private interface Reader<T> {
    T read(PickledDictionary dictionary) throws IOException;
  }

  private static <T> T unpickle(DataFiles files, String name, Reader<T> reader) throws IOException {
    try {
      return reader.read(PickledDictionary.read(files.show(name), files.bytes(name)));
    } catch (WeightsException e) {
      throw new DatasetException(e.getMessage() + "; is the file whole?", e);
    } catch (EOFException e) {
      throw new DatasetException(files.show(name) + ": 'data': " + e.getMessage(), e);
    }
  }
}
