package dev.mixer4j.finetune.data;

import dev.mixer4j.weights.format.WeightsException;
import dev.mixer4j.weights.format.pickle.PickledDictionary;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * The Python version: pickled dictionaries of {@code data}, uint8 [images, 3072], the red, green
 * and blue planes of each image, and a list of labels; and one with a list of class names.
 */
record CifarPickle(String labelsKey, String namesKey) implements Cifar.Format {

  @Override
  public List<String> classNames(DataFiles files, String file) throws IOException {
    try {
      List<String> names =
          PickledDictionary.read(files.show(file), files.files().get(file).bytes()).texts(namesKey);
      if (names.isEmpty()) {
        throw new DatasetException(
            "%s: expected class names under '%s', found none"
                .formatted(files.show(file), namesKey));
      }
      return names;
    } catch (WeightsException e) {
      throw damaged(e);
    }
  }

  @Override
  public void read(DataFiles files, String name, int classes, int limit, LabelledImages.Builder to)
      throws IOException {
    if (to.size() >= limit) {
      return;
    }
    String shown = files.show(name);
    try {
      PickledDictionary dictionary = PickledDictionary.read(shown, files.files().get(name).bytes());
      long[] labels = dictionary.numbers(labelsKey);
      byte[] planes = new byte[Cifar.IMAGE];
      try (InputStream in = dictionary.matrix("data", labels.length, Cifar.IMAGE)) {
        for (int i = 0; i < labels.length && to.size() < limit; i++) {
          if (in.readNBytes(planes, 0, planes.length) < planes.length) {
            throw new EOFException("image " + i + " is cut off");
          }
          Cifar.add(shown + ": image " + i, labels[i], classes, planes, 0, to);
        }
      }
    } catch (WeightsException e) {
      throw damaged(e);
    } catch (EOFException e) {
      throw new DatasetException(shown + ": 'data': " + e.getMessage(), e);
    }
  }

  private static DatasetException damaged(WeightsException e) {
    return new DatasetException(e.getMessage() + "; is the file whole?", e);
  }
}
