package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * MNIST's IDX files, and others with the same names, such as Fashion-MNIST: gray images. Their
 * classes are named 0 to 9, since the files have no names.
 */
final class Idx extends Dataset {

  private static final int MAX_SIDE = 4096;

  private static final List<String> CLASS_NAMES =
      IntStream.range(0, 10).mapToObj(String::valueOf).toList();

  private final DataFiles files;

  Idx(DataFiles files, DatasetRequest request) {
    super("MNIST's layout (IDX)", files.path(), CLASS_NAMES, request.channelsOr(1));
    this.files = files;
  }

  static boolean fits(DataFiles files) {
    return find(files, "train-images", 3).isPresent() || find(files, "t10k-images", 3).isPresent();
  }

  /** A file's name: with a dot or a dash, packed or not. */
  private static Optional<String> find(DataFiles files, String start, int dimensions) {
    return Stream.of("-idx%d-ubyte", ".idx%d-ubyte", "-idx%d-ubyte.gz", ".idx%d-ubyte.gz")
        .map(end -> start + end.formatted(dimensions))
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

  private IdxFile open(String start, int dimensions) throws IOException {
    String name =
        find(files, start, dimensions)
            .orElseThrow(
                () ->
                    new DatasetException(
                        "%s: expected %s-idx%d-ubyte, packed (.gz) or not, found none"
                            .formatted(files.path(), start, dimensions)));
    return IdxFile.open(files, name, dimensions);
  }

  private LabelledImages read(String split, int limit) throws IOException {
    try (IdxFile labels = open(split + "-labels", 1);
        IdxFile images = open(split + "-images", 3)) {
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
      for (int i = 0; i < Math.min(count, limit); i++) {
        int label = Byte.toUnsignedInt(labels.read(1)[0]);
        if (label >= CLASS_NAMES.size()) {
          throw new DatasetException(
              "%s: label %d: expected 0 to %d, found %d"
                  .formatted(labels.shown(), i, CLASS_NAMES.size() - 1, label));
        }
        builder.add(label, images.read(height * width));
      }
      if (limit >= count) {
        labels.requireEnd();
        images.requireEnd();
      }
      return builder.build();
    }
  }
}
