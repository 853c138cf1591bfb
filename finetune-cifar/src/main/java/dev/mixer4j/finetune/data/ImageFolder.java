package dev.mixer4j.finetune.data;

import dev.mixer4j.core.ImageFile;
import dev.mixer4j.finetune.data.PictureFiles.Picture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * PNG and JPEG pictures in a folder per class, which has the class's name: either {@code
 * ROOT/train/CLASS} with {@code ROOT/test} or {@code ROOT/val} or both, or {@code ROOT/CLASS}. Each
 * picture is cropped to its middle square and resized.
 */
final class ImageFolder extends Dataset {

  /** Pictures that are decoded together, on all cores. */
  private static final int CHUNK = 256;

  private static final PictureFiles NONE = new PictureFiles(new TreeMap<>());

  private final int imageSize;
  private final List<Picture> train;
  private final List<Picture> validation;
  private final List<Picture> test;

  private ImageFolder(
      Path root,
      DatasetRequest request,
      PictureFiles train,
      PictureFiles validation,
      PictureFiles test) {
    super(
        "a folder of pictures",
        root,
        (train.byClass().isEmpty() ? test : train).classNames(),
        request.channelsOr(3));
    this.imageSize = request.imageSize();
    this.train = train.inTurn(classNames());
    this.validation = validation.inTurn(classNames());
    this.test = test.inTurn(classNames());
  }

  /** Lists the pictures; empty if the folder has no folders. */
  static Optional<Dataset> open(Path root, DatasetRequest request) throws IOException {
    Map<String, PictureFiles> splits = new TreeMap<>();
    for (String name : List.of("train", "val", "test")) {
      Path folder = root.resolve(name);
      // A class may be called "train": then pictures are in it, not folders.
      if (Files.isDirectory(folder) && !PictureFiles.folders(folder).isEmpty()) {
        splits.put(name, PictureFiles.in(folder));
      }
    }
    if (!splits.isEmpty()) {
      return Optional.of(ofSplits(root, splits, request));
    }
    return PictureFiles.folders(root).isEmpty()
        ? Optional.empty()
        : Optional.of(ofClasses(root, request));
  }

  /** {@code ROOT/train/CLASS} and so on. Without {@code test}, {@code val} is the test split. */
  private static ImageFolder ofSplits(
      Path root, Map<String, PictureFiles> splits, DatasetRequest request) {
    PictureFiles train = splits.getOrDefault("train", NONE);
    PictureFiles test = splits.getOrDefault("test", splits.getOrDefault("val", NONE));
    PictureFiles validation = splits.containsKey("test") ? splits.getOrDefault("val", NONE) : NONE;
    if (splits.containsKey("train")) {
      splits.forEach((name, split) -> requireClasses(root.resolve(name), split, train));
    }
    if (request.validationFraction().isEmpty()) {
      return new ImageFolder(root, request, train, validation, test);
    }
    if (validation != NONE) {
      throw new DatasetException(
          root + ": has validation images in val already; leave --validation-fraction out");
    }
    PictureFiles.Split split = split(train, request);
    return new ImageFolder(root, request, split.kept(), split.heldOut(), test);
  }

  private static void requireClasses(Path folder, PictureFiles split, PictureFiles train) {
    for (String name : split.classNames()) {
      if (!train.byClass().containsKey(name)) {
        throw new DatasetException(
            "%s: expected the classes of train, %s, found '%s'"
                .formatted(folder, train.classNames(), name));
      }
    }
  }

  /** {@code ROOT/CLASS}: the validation images are the test images too. */
  private static ImageFolder ofClasses(Path root, DatasetRequest request) throws IOException {
    PictureFiles all = PictureFiles.in(root);
    PictureFiles.Split split =
        request.validationFraction().isEmpty()
            ? new PictureFiles.Split(all, NONE)
            : split(all, request);
    return new ImageFolder(root, request, split.kept(), split.heldOut(), split.heldOut());
  }

  private static PictureFiles.Split split(PictureFiles files, DatasetRequest request) {
    return files.split(request.validationFraction().getAsDouble(), request.seed());
  }

  @Override
  public LabelledImages train(int limit) throws IOException {
    if (train.isEmpty()) {
      throw new DatasetException(path() + ": expected pictures to train on in train, found none");
    }
    return read(train, limit);
  }

  @Override
  public LabelledImages validation(int limit) throws IOException {
    return read(validation, limit);
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    if (test.isEmpty()) {
      throw new DatasetException(
          path()
              + ": expected pictures to test on in test or val, found none; --validation-fraction"
              + " 0.1 holds out a tenth of the others");
    }
    return read(test, limit);
  }

  private LabelledImages read(List<Picture> pictures, int limit) throws IOException {
    List<Picture> wanted = pictures.subList(0, Math.min(limit, pictures.size()));
    requireRoom(wanted.size());
    LabelledImages.Builder images = new LabelledImages.Builder(imageSize, imageSize, channels());
    for (int from = 0; from < wanted.size(); from += CHUNK) {
      List<Picture> chunk = wanted.subList(from, Math.min(from + CHUNK, wanted.size()));
      try {
        List<byte[]> pixels = chunk.parallelStream().map(this::decode).toList();
        for (int i = 0; i < chunk.size(); i++) {
          images.add(chunk.get(i).label(), pixels.get(i));
        }
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    return images.build();
  }

  private void requireRoom(int count) {
    long bytes = (long) count * imageSize * imageSize * channels();
    long most = Runtime.getRuntime().maxMemory();
    if (bytes > most) {
      throw new DatasetException(
          "%s: %d pictures of %d x %d pixels take %d MB, and Java has %d MB;"
                  .formatted(path(), count, imageSize, imageSize, bytes >> 20, most >> 20)
              + " JAVA_OPTS=-Xmx%dg gives it more, --limit-train takes fewer"
                  .formatted((bytes + bytes / 4 >> 30) + 1));
    }
  }

  private byte[] decode(Picture picture) {
    try {
      return MiddleSquare.of(ImageFile.read(picture.file()), imageSize, channels());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
