package dev.mixer4j.finetune.data;

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
 * PNG and JPEG pictures in a folder a class, whose name is the class's: either {@code
 * ROOT/train/CLASS} with {@code ROOT/test} or {@code ROOT/val} or both, or {@code ROOT/CLASS}. Each
 * picture becomes its middle, of the size that is asked for.
 */
final class ImageFolder extends Dataset {

  /** Pictures that are decoded at once, on all cores. */
  private static final int CHUNK = 256;

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

  /**
   * Lists the pictures.
   *
   * @return empty if the folder has no folders
   * @throws DatasetException if they do not make a data set
   */
  static Optional<Dataset> open(Path root, DatasetRequest options) throws IOException {
    Map<String, PictureFiles> parts = new TreeMap<>();
    for (String name : List.of("train", "val", "test")) {
      Path folder = root.resolve(name);
      // A class may be called "train": then pictures are in it, not folders.
      if (Files.isDirectory(folder) && !PictureFiles.folders(folder).isEmpty()) {
        parts.put(name, PictureFiles.in(folder));
      }
    }
    if (!parts.isEmpty()) {
      return Optional.of(ofParts(root, parts, options));
    }
    return PictureFiles.folders(root).isEmpty()
        ? Optional.empty()
        : Optional.of(ofClasses(root, options));
  }

  /** {@code ROOT/train/CLASS} and so on: a lone {@code val} is what is tested on. */
  private static ImageFolder ofParts(
      Path root, Map<String, PictureFiles> parts, DatasetRequest options) {
    PictureFiles none = new PictureFiles(new TreeMap<>());
    PictureFiles train = parts.getOrDefault("train", none);
    PictureFiles test = parts.getOrDefault("test", parts.getOrDefault("val", none));
    PictureFiles validation = parts.containsKey("test") ? parts.getOrDefault("val", none) : none;
    if (parts.containsKey("train")) {
      parts.forEach((name, part) -> requireClasses(root.resolve(name), part, train));
    }
    if (options.validationFraction().isEmpty()) {
      return new ImageFolder(root, options, train, validation, test);
    }
    if (validation != none) {
      throw new DatasetException(
          root + ": has validation images in val already; leave --validation-fraction out");
    }
    PictureFiles.Split split = split(train, options);
    return new ImageFolder(root, options, split.kept(), split.heldOut(), test);
  }

  private static void requireClasses(Path folder, PictureFiles part, PictureFiles train) {
    for (String name : part.classNames()) {
      if (!train.byClass().containsKey(name)) {
        throw new DatasetException(
            "%s: expected the classes of train, %s, found '%s'"
                .formatted(folder, train.classNames(), name));
      }
    }
  }

  /** {@code ROOT/CLASS}: what is held out is what is tested on, too. */
  private static ImageFolder ofClasses(Path root, DatasetRequest options) throws IOException {
    PictureFiles all = PictureFiles.in(root);
    if (options.validationFraction().isEmpty()) {
      PictureFiles none = new PictureFiles(new TreeMap<>());
      return new ImageFolder(root, options, all, none, none);
    }
    PictureFiles.Split split = split(all, options);
    return new ImageFolder(root, options, split.kept(), split.heldOut(), split.heldOut());
  }

  private static PictureFiles.Split split(PictureFiles files, DatasetRequest options) {
    return files.split(options.validationFraction().getAsDouble(), options.seed());
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
      List<byte[]> pixels = decode(chunk);
      for (int i = 0; i < chunk.size(); i++) {
        images.add(chunk.get(i).label(), pixels.get(i));
      }
    }
    return images.build();
  }

  private void requireRoom(int count) {
    long bytes = (long) count * imageSize * imageSize * channels();
    long most = Runtime.getRuntime().maxMemory();
    if (bytes > most) {
      throw new DatasetException(
          "%s: %d pictures of %d x %d pixels take %d MB, and Java has %d MB; JAVA_OPTS=-Xmx%dg gives"
                  .formatted(
                      path(),
                      count,
                      imageSize,
                      imageSize,
                      bytes >> 20,
                      most >> 20,
                      (bytes + bytes / 4 >> 30) + 1)
              + " it more, --limit-train takes fewer");
    }
  }

  private List<byte[]> decode(List<Picture> pictures) throws IOException {
    try {
      return pictures.parallelStream().map(this::decode).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
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
