package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** MNIST's IDX files, and others with the same names, such as Fashion-MNIST: gray images. */
final class Idx extends Dataset {

  /** Of an image's side; MNIST's is 28. */
  private static final int MAX_SIDE = 4096;

  private static final List<String> CLASS_NAMES =
      IntStream.range(0, 10).mapToObj(String::valueOf).toList();

  private final DataFiles files;

  /**
   * The digits are the class names: the files have none, and those of Fashion-MNIST look the same.
   */
  Idx(DataFiles files, int channels) {
    super("MNIST's layout (IDX)", files.path(), CLASS_NAMES, channels == 0 ? 1 : channels);
    this.files = files;
  }

  /** Whether a folder has such files. */
  static boolean fits(DataFiles files) {
    return find(files, "train-images", 3).isPresent() || find(files, "t10k-images", 3).isPresent();
  }

  /** The name that a file has here: with a dot or a dash, packed or not. */
  private static Optional<String> find(DataFiles files, String start, int dimensions) {
    String end = "idx" + dimensions + "-ubyte";
    return List.of("-" + end, "." + end, "-" + end + ".gz", "." + end + ".gz").stream()
        .map(rest -> start + rest)
        .filter(files::has)
        .findFirst();
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    return read("train", limit);
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    return read("t10k", limit);
  }

  private String required(String start, int dimensions) {
    return find(files, start, dimensions)
        .orElseThrow(
            () ->
                new DatasetException(
                    "%s: expected %s-idx%d-ubyte, packed (.gz) or not, found none"
                        .formatted(files.path(), start, dimensions)));
  }

  private LabelledImages read(String split, int limit) throws IOException {
    try (IdxFile labels = IdxFile.open(files, required(split + "-labels", 1), 1);
        IdxFile images = IdxFile.open(files, required(split + "-images", 3), 3)) {
      int count = images.size(0);
      int height = images.size(1);
      int width = images.size(2);
      if (count != labels.size(0)) {
        throw new DatasetException(
            "%s: expected %d images, as %s has labels, found %d"
                .formatted(images.shown(), labels.size(0), labels.shown(), count));
      }
      if (height > MAX_SIDE || width > MAX_SIDE) {
        throw new DatasetException(
            "%s: expected images of at most %d x %d pixels, found %d x %d"
                .formatted(images.shown(), MAX_SIDE, MAX_SIDE, width, height));
      }
      LabelledImages.Builder builder = new LabelledImages.Builder(height, width, channels());
      byte[] label = new byte[1];
      byte[] gray = new byte[height * width];
      for (int i = 0; i < Math.min(count, limit); i++) {
        labels.read(label);
        if (Byte.toUnsignedInt(label[0]) >= CLASS_NAMES.size()) {
          throw new DatasetException(
              "%s: label %d: expected 0 to %d, found %d"
                  .formatted(
                      labels.shown(), i, CLASS_NAMES.size() - 1, Byte.toUnsignedInt(label[0])));
        }
        images.read(gray);
        builder.add(label[0], gray);
      }
      if (limit >= count) {
        labels.requireEnd();
        images.requireEnd();
      }
      return builder.build();
    }
  }
}
