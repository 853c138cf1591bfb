package dev.mixer4j.finetune.data;

import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.data.PictureFiles.Picture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * PNG and JPEG pictures in a folder per class, which has the class's name: either {@code
 * ROOT/train/CLASS}, {@code ROOT/val/CLASS} and {@code ROOT/test/CLASS}, as far as they are there,
 * or {@code ROOT/CLASS}. A folder that holds one folder of folders and nothing else stands for that
 * one. Each picture is cropped to its middle square and resized.
 */
final class ImageFolder extends Dataset {

  /** Pictures that are decoded together, on all cores. */
  private static final int CHUNK = 256;

  private static final String TRAIN = "train";
  private static final String VALIDATION = "val";
  private static final String TEST = "test";

  /** The splits by the names, in lower case, that people give them. */
  private static final Map<String, String> SPLITS =
      Map.of(
          "train",
          TRAIN,
          "training",
          TRAIN,
          "val",
          VALIDATION,
          "valid",
          VALIDATION,
          "validation",
          VALIDATION,
          "dev",
          VALIDATION,
          "test",
          TEST,
          "testing",
          TEST);

  private static final int MOST_WRAPPERS = 4;

  private final int imageSize;
  private final List<Picture> train;
  private final List<Picture> validation;
  private final List<Picture> test;
  private final List<String> notes;

  /** The files that could not be read, with the reasons. */
  private final SortedMap<Path, String> broken = new TreeMap<>();

  private ImageFolder(
      Path root,
      DatasetRequest request,
      PictureFiles train,
      PictureFiles validation,
      PictureFiles test,
      List<String> notes) {
    super(
        "a folder of pictures",
        root,
        Stream.of(train, test, validation)
            .filter(split -> !split.isEmpty())
            .findFirst()
            .orElse(train)
            .classNames(),
        request.channelsOr(3));
    this.imageSize = request.imageSize();
    this.train = train.inTurn(classNames());
    this.validation = validation.inTurn(classNames());
    this.test = test.inTurn(classNames());
    this.notes = new ArrayList<>(notes);
    SortedMap<String, Integer> skipped = new TreeMap<>();
    for (PictureFiles split : List.of(train, validation, test)) {
      split.skipped().forEach((ending, count) -> skipped.merge(ending, count, Integer::sum));
    }
    ImageFiles.note(root, skipped).ifPresent(this.notes::add);
  }

  /** Lists the pictures; empty if the folder has no folders. */
  static Optional<Dataset> open(Path path, DatasetRequest request) throws IOException {
    Path root = inside(path, false);
    Map<String, Path> splits = new TreeMap<>();
    List<Path> others = new ArrayList<>();
    for (Path folder : ImageFiles.folders(root)) {
      String split = SPLITS.get(folder.getFileName().toString().toLowerCase(Locale.ROOT));
      Path inner = split == null ? folder : inside(folder, true);
      // A class may be called "train": then pictures are in it, not folders.
      if (split == null || ImageFiles.folders(inner).isEmpty()) {
        others.add(folder);
      } else {
        Path twin = splits.put(split, inner);
        if (twin != null) {
          throw new DatasetException(
              "%s: expected one folder of %s images, found %s and %s; rename one"
                  .formatted(root, split, twin, inner));
        }
      }
    }
    if (!splits.isEmpty()) {
      return Optional.of(ofSplits(root, splits, others, request));
    }
    return others.isEmpty() ? Optional.empty() : Optional.of(ofClasses(root, request));
  }

  /** Where the folders of splits or classes are: deeper, if a folder has one folder and no more. */
  private static Path inside(Path folder, boolean ofSplit) throws IOException {
    Path at = folder;
    for (int i = 0; i < MOST_WRAPPERS; i++) {
      List<Path> folders = ImageFiles.folders(at);
      if (folders.size() != 1 || ImageFiles.folders(folders.get(0)).isEmpty()) {
        return at;
      }
      String only = folders.get(0).getFileName().toString().toLowerCase(Locale.ROOT);
      if (!ofSplit && SPLITS.containsKey(only)) {
        return at;
      }
      at = folders.get(0);
    }
    return at;
  }

  /** {@code ROOT/train/CLASS} and so on. */
  private static ImageFolder ofSplits(
      Path root, Map<String, Path> folders, List<Path> others, DatasetRequest request)
      throws IOException {
    Map<String, PictureFiles> splits = new TreeMap<>();
    for (Map.Entry<String, Path> split : folders.entrySet()) {
      splits.put(split.getKey(), PictureFiles.in(split.getValue()));
    }
    List<String> notes =
        others.isEmpty()
            ? List.of()
            : List.of(
                "%s: %s: not used beside the folders %s"
                    .formatted(
                        root,
                        PictureFiles.names(others),
                        PictureFiles.names(List.copyOf(folders.values()))));
    PictureFiles train = splits.getOrDefault(TRAIN, PictureFiles.NONE);
    PictureFiles validation = splits.getOrDefault(VALIDATION, PictureFiles.NONE);
    PictureFiles test = splits.getOrDefault(TEST, PictureFiles.NONE);
    if (!train.isEmpty()) {
      splits.forEach((name, split) -> requireClasses(folders.get(name), split, train));
    }
    if (request.validationFraction().isEmpty()) {
      return new ImageFolder(root, request, train, validation, test, notes);
    }
    if (!validation.isEmpty()) {
      throw new DatasetException(
          "%s: has validation images already; leave --validation-fraction out"
              .formatted(folders.get(VALIDATION)));
    }
    PictureFiles.Split split = split(train, request);
    return new ImageFolder(root, request, split.kept(), split.heldOut(), test, notes);
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

  /** {@code ROOT/CLASS}: without test images. */
  private static ImageFolder ofClasses(Path root, DatasetRequest request) throws IOException {
    PictureFiles all = PictureFiles.in(root);
    PictureFiles.Split split =
        request.validationFraction().isEmpty()
            ? new PictureFiles.Split(all, PictureFiles.NONE)
            : split(all, request);
    return new ImageFolder(
        root, request, split.kept(), split.heldOut(), PictureFiles.NONE, List.of());
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
  public boolean hasTest() {
    return !test.isEmpty();
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public LabelledImages test(int limit) throws IOException {
    if (test.isEmpty()) {
      throw new DatasetException(
          path()
              + ": expected images to test on in test or val, found none; --validation-fraction 0.1"
              + " holds out a tenth of each class that has two images or more");
    }
    return read(test, limit);
  }

  private LabelledImages read(List<Picture> pictures, int limit) throws IOException {
    List<Picture> wanted = pictures.subList(0, Math.min(limit, pictures.size()));
    requireRoom(wanted.size());
    LabelledImages.Builder images = new LabelledImages.Builder(imageSize, imageSize, channels());
    for (int from = 0; from < wanted.size(); from += CHUNK) {
      List<Picture> chunk = wanted.subList(from, Math.min(from + CHUNK, wanted.size()));
      List<Optional<byte[]>> pixels = chunk.parallelStream().map(this::decode).toList();
      for (int i = 0; i < chunk.size(); i++) {
        if (pixels.get(i).isPresent()) {
          images.add(chunk.get(i).label(), pixels.get(i).get());
        }
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

  /** The pixels of a picture; empty if it is broken. */
  private Optional<byte[]> decode(Picture picture) {
    try {
      return Optional.of(MiddleSquare.of(ImageFile.read(picture.file()), imageSize, channels()));
    } catch (IOException | MixerException e) {
      synchronized (broken) {
        broken.put(picture.file(), e.getMessage());
      }
      return Optional.empty();
    }
  }

  @Override
  public List<String> broken() {
    return List.copyOf(broken.values());
  }

  @Override
  public boolean hasValidation() {
    return !validation.isEmpty();
  }
}
