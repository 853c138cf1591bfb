package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * MNIST's IDX files, and those of others with the same names, such as Fashion-MNIST: gray images,
 * whose level becomes red, green and blue.
 */
final class Idx implements Dataset {

  /** Of an image's side; MNIST's is 28. */
  private static final int MAX_SIDE = 4096;

  private static final List<String> CLASS_NAMES =
      IntStream.range(0, 10).mapToObj(String::valueOf).toList();

  private final DataFiles files;

  Idx(DataFiles files) {
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
  public String kind() {
    return "MNIST's layout (IDX)";
  }

  @Override
  public Path path() {
    return files.path();
  }

  /** The digits: the files have no names, and those of Fashion-MNIST look the same. */
  @Override
  public List<String> classNames() {
    return CLASS_NAMES;
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    return read("train", limit);
  }

  @Override
  public LabelledImages validation(int limit) {
    return LabelledImages.none();
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
      LabelledImages.Builder builder = new LabelledImages.Builder(height, width);
      byte[] label = new byte[1];
      byte[] gray = new byte[height * width];
      byte[] pixels = new byte[gray.length * LabelledImages.CHANNELS];
      for (int i = 0; i < Math.min(count, limit); i++) {
        labels.read(label);
        if (Byte.toUnsignedInt(label[0]) >= CLASS_NAMES.size()) {
          throw new DatasetException(
              "%s: label %d: expected 0 to %d, found %d"
                  .formatted(
                      labels.shown(), i, CLASS_NAMES.size() - 1, Byte.toUnsignedInt(label[0])));
        }
        images.read(gray);
        for (int p = 0; p < pixels.length; p++) {
          pixels[p] = gray[p / LabelledImages.CHANNELS];
        }
        builder.add(label[0], pixels);
      }
      if (limit >= count) {
        labels.requireEnd();
        images.requireEnd();
      }
      return builder.build();
    }
  }
}
