package dev.mixer4j.finetune.data;

import static dev.mixer4j.finetune.data.DataFixtures.ALL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mixer4j.core.MixerException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageFolderTest {

  private static final int SIZE = 4;

  @TempDir Path dir;

  /** A picture of one gray level, by which it is known again. */
  private static void picture(Path file, int level) throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(6, 5, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 30; i++) {
      image.setRGB(i % 6, i / 6, level * 0x010101);
    }
    ImageIO.write(image, "png", file.toFile());
  }

  private static void pictures(Path folder, int count, int firstLevel) throws IOException {
    for (int i = 0; i < count; i++) {
      picture(folder.resolve("%03d.png".formatted(i)), firstLevel + i);
    }
  }

  private Dataset open() throws IOException {
    return Datasets.open(dir, DatasetRequest.of(SIZE));
  }

  private Dataset open(double fraction, long seed) throws IOException {
    return Datasets.open(dir, new DatasetRequest(SIZE, 0, OptionalDouble.of(fraction), seed));
  }

  private static List<Integer> levels(LabelledImages images) {
    byte[] pixels = images.size() == 0 ? new byte[0] : DataFixtures.pixels(images);
    return IntStream.range(0, images.size())
        .mapToObj(i -> pixels[i * SIZE * SIZE * 3] & 0xff)
        .toList();
  }

  private static void assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(MixerException.class).hasMessageContaining(message);
  }

  @Test
  void findsThePicturesThatTorchvisionFinds() throws IOException {
    JsonNode expected = DataFixtures.expected("pictures");
    Path root = DataFixtures.path("pictures");
    PictureFiles files = PictureFiles.in(root);
    assertThat(files.classNames()).isEqualTo(DataFixtures.texts(expected.required("names")));
    Set<String> found = new TreeSet<>();
    files
        .inTurn(files.classNames())
        .forEach(p -> found.add(root.relativize(p.file()) + " " + p.label()));
    Set<String> wanted = new TreeSet<>();
    expected
        .required("files")
        .forEach(pair -> wanted.add(pair.get(0).asText() + " " + pair.get(1).asInt()));
    assertThat(found).isEqualTo(wanted).hasSize(9);
  }

  @Test
  void readsThemAtTheSizeAskedFor() throws IOException {
    Dataset dataset = Datasets.open(DataFixtures.path("pictures"), DatasetRequest.of(16));
    LabelledImages train = dataset.train(ALL);
    assertThat(train.height()).isEqualTo(16);
    assertThat(train.width()).isEqualTo(16);
    // In turn: cats/square.PNG, dogs/deeper/clear.png, emus/gray.jpeg, cats/tall.png and so on.
    assertThat(DataFixtures.labels(train)).containsExactly(0, 1, 2, 0, 1, 2, 0, 1, 2);
    assertThat(DataFixtures.pixels(train.slice(1, 2)))
        .isEqualTo(DataFixtures.npy("squares/clear.png.16.npy"));
    assertThat(DataFixtures.pixels(train.slice(3, 4)))
        .isEqualTo(DataFixtures.npy("squares/tall.png.16.npy"));
  }

  @Test
  void trainAndTestFolders() throws IOException {
    pictures(dir.resolve("train/b"), 3, 10);
    pictures(dir.resolve("train/a"), 2, 20);
    pictures(dir.resolve("val/a"), 1, 30);
    pictures(dir.resolve("val/b"), 1, 40);
    Dataset dataset = open();
    assertThat(dataset.classNames()).containsExactly("a", "b");
    assertThat(levels(dataset.train(ALL))).containsExactly(20, 10, 21, 11, 12);
    assertThat(DataFixtures.labels(dataset.train(ALL))).containsExactly(0, 1, 0, 1, 1);
    assertThat(levels(dataset.train(2))).containsExactly(20, 10);
    assertThat(levels(dataset.validation(ALL))).containsExactly(30, 40);
    assertThat(dataset.hasTest()).isFalse();

    pictures(dir.resolve("test/b"), 2, 50);
    pictures(dir.resolve("test/a"), 1, 60);
    assertThat(levels(open().validation(ALL))).containsExactly(30, 40);
    assertThat(levels(open().test(ALL))).containsExactly(60, 50, 51);
    assertRefused(() -> open(0.4, 1), "val: has validation images already");
  }

  @Test
  void aFractionOfEachClassIsHeldOut() throws IOException {
    pictures(dir.resolve("a"), 20, 0);
    pictures(dir.resolve("b"), 10, 100);
    pictures(dir.resolve("c"), 1, 200);
    Dataset dataset = open(0.2, 7);
    List<Integer> train = levels(dataset.train(ALL));
    List<Integer> validation = levels(dataset.validation(ALL));
    assertThat(train).hasSize(16 + 8 + 1).contains(200);
    assertThat(validation.stream().filter(level -> level < 100)).hasSize(4);
    assertThat(validation.stream().filter(level -> level >= 100)).hasSize(2);
    List<Integer> both = new ArrayList<>(train);
    both.addAll(validation);
    assertThat(both).doesNotHaveDuplicates().hasSize(31);
    assertThat(dataset.hasTest()).as("these images chose the weights").isFalse();
    assertThat(levels(dataset.validation(3))).isEqualTo(validation.subList(0, 3));

    assertThat(levels(open(0.2, 7).validation(ALL))).isEqualTo(validation);
    assertThat(levels(open(0.2, 8).validation(ALL))).isNotEqualTo(validation);
  }

  @Test
  void theFileSystemsOrderDoesNotMatter(@TempDir Path other) throws IOException {
    for (int i : new int[] {3, 1, 4, 0, 2}) {
      picture(dir.resolve("b/" + i + ".png"), i);
      picture(dir.resolve("a/" + i + ".png"), 10 + i);
    }
    for (int i = 0; i < 5; i++) {
      picture(other.resolve("a/" + i + ".png"), 10 + i);
      picture(other.resolve("b/" + i + ".png"), i);
    }
    DatasetRequest options = new DatasetRequest(SIZE, 0, OptionalDouble.of(0.4), 3);
    assertThat(levels(Datasets.open(dir, options).train(ALL)))
        .isEqualTo(levels(Datasets.open(other, options).train(ALL)));
  }

  @Test
  void withoutAFractionThereIsNothingToTestOn() throws IOException {
    pictures(dir.resolve("a"), 2, 0);
    pictures(dir.resolve("b"), 2, 9);
    assertThat(open().train(ALL).size()).isEqualTo(4);
    assertRefused(() -> open().test(ALL), "--validation-fraction 0.1 holds out a tenth");
  }

  @Test
  void aClassMayBeCalledTrain() throws IOException {
    pictures(dir.resolve("train"), 2, 0);
    pictures(dir.resolve("truck"), 2, 9);
    assertThat(open().classNames()).containsExactly("train", "truck");
  }

  @Test
  void onlyTestPictures() throws IOException {
    pictures(dir.resolve("test/a"), 1, 1);
    pictures(dir.resolve("test/b"), 1, 2);
    assertThat(levels(open().test(ALL))).containsExactly(1, 2);
    assertRefused(() -> open().train(ALL), "expected pictures to train on in train, found none");
  }

  @Test
  void hiddenAndOtherFilesAreNoPictures() throws IOException {
    pictures(dir.resolve("a"), 1, 1);
    pictures(dir.resolve("b"), 1, 2);
    Files.createDirectories(dir.resolve(".cache/x"));
    Files.writeString(dir.resolve("a/._000.png"), "resource fork");
    Files.writeString(dir.resolve("a/Thumbs.db"), "");
    Files.writeString(dir.resolve("README.txt"), "");
    assertThat(open().classNames()).containsExactly("a", "b");
    assertThat(levels(open().train(ALL))).containsExactly(1, 2);
  }

  @Test
  void foldersThatAreNoDataSet() throws IOException {
    Files.createDirectories(dir.resolve("a"));
    Files.createDirectories(dir.resolve("b"));
    assertRefused(this::open, "a: expected pictures of a class (.png, .jpg, .jpeg), found none");
    pictures(dir.resolve("a"), 1, 1);
    assertRefused(this::open, "b: expected pictures of a class");
    Files.delete(dir.resolve("b"));
    assertRefused(this::open, "expected a folder for each of 2 classes or more, found 1: [a]");
    pictures(dir.resolve("train/a"), 1, 1);
    pictures(dir.resolve("train/b"), 1, 1);
    pictures(dir.resolve("val/a"), 1, 1);
    pictures(dir.resolve("val/c"), 1, 1);
    assertRefused(this::open, "val: expected the classes of train, [a, b], found 'c'");
  }

  @Test
  void aPictureThatCannotBeReadIsNamed() throws IOException {
    pictures(dir.resolve("a"), 300, 0);
    pictures(dir.resolve("b"), 3, 0);
    Path broken = dir.resolve("a/290.png");
    Files.write(broken, Arrays.copyOf(Files.readAllBytes(broken), 45));
    Path other = Files.writeString(dir.resolve("b/none.png"), "no picture");
    Dataset data = open();
    assertThat(data.train(200).size()).isEqualTo(199);
    assertThat(data.broken()).hasSize(1);
    assertThat(data.train(ALL).size()).isEqualTo(302);
    List<String> warnings = new ArrayList<>();
    assertRefused(
        () -> data.checkBroken(false, warnings::add), "2 images cannot be read; repair or remove");
    assertThat(warnings).hasSize(2);
    assertThat(warnings.get(0)).startsWith(broken + ": this image cannot be read");
    assertThat(warnings.get(1)).startsWith(other + ": expected a PNG or JPEG image");
    warnings.clear();
    data.checkBroken(true, warnings::add);
    assertThat(warnings).hasSize(2).allMatch(warning -> warning.startsWith("skipped: "));
  }

  @Test
  void morePixelsThanJavaHasRoomForAreNotStartedOn() throws IOException {
    pictures(dir.resolve("a"), 40, 0);
    pictures(dir.resolve("b"), 40, 0);
    assertRefused(
        () -> Datasets.open(dir, DatasetRequest.of(32_000)).train(ALL),
        "80 pictures of 32000 x 32000 pixels take 234375 MB, and Java has");
  }

  @ParameterizedTest
  @CsvSource({
    "train, valid, test",
    "Train, Val, Test",
    "TRAINING, Validation, testing",
    "train/train, val/val, test/test",
    "data/train, data/valid, data/test",
    "archive/data/Train/train, archive/data/dev, archive/data/Test"
  })
  void splitsAreNoClasses(String train, String validation, String test) throws IOException {
    int level = 0;
    for (String split : List.of(train, validation, test)) {
      pictures(dir.resolve(split).resolve("a"), 2, level);
      pictures(dir.resolve(split).resolve("b"), 2, level + 5);
      level += 10;
    }
    Dataset dataset = open();
    assertThat(dataset.classNames()).containsExactly("a", "b");
    assertThat(levels(dataset.train(ALL))).containsExactly(0, 5, 1, 6);
    assertThat(levels(dataset.validation(ALL))).containsExactly(10, 15, 11, 16);
    assertThat(levels(dataset.test(ALL))).containsExactly(20, 25, 21, 26);
    assertThat(dataset.notes()).isEmpty();
  }

  @Test
  void twoFoldersOfOneSplitAreRefused() throws IOException {
    for (String split : List.of("train", "val", "valid")) {
      pictures(dir.resolve(split + "/a"), 1, 1);
      pictures(dir.resolve(split + "/b"), 1, 1);
    }
    assertRefused(this::open, "expected one folder of val images, found ");
  }

  @Test
  void aClassOfFoldersAloneIsRefused() throws IOException {
    for (String part : List.of("first", "second")) {
      pictures(dir.resolve(part + "/a"), 1, 1);
      pictures(dir.resolve(part + "/b"), 1, 1);
    }
    assertRefused(
        this::open,
        "first: expected pictures of one class, as in each folder of " + dir + ", found");
    assertRefused(this::open, "found folders alone: a, b; name the folder whose folders");
  }

  @Test
  void whatIsNotUsedIsSaid() throws IOException {
    pictures(dir.resolve("train/a"), 1, 1);
    pictures(dir.resolve("train/b"), 1, 1);
    pictures(dir.resolve("more/c"), 1, 1);
    Files.createDirectories(dir.resolve("train/a/.ipynb_checkpoints"));
    picture(dir.resolve("train/a/.ipynb_checkpoints/copy.png"), 9);
    picture(dir.resolve("train/__MACOSX/a.png"), 9);
    for (String name : List.of("a/1.gif", "a/2.GIF", "b/3.bmp", "b/labels", "b/Thumbs.db")) {
      Files.writeString(dir.resolve("train").resolve(name), "x");
    }
    Dataset dataset = open();
    assertThat(dataset.train(ALL).size()).isEqualTo(2);
    assertThat(dataset.notes())
        .containsExactly(
            dir + ": more: not used beside the folders train",
            dir
                + ": files that are neither .png, .jpg nor .jpeg are not used:"
                + " 1 .bmp, 2 .gif, 1 no ending; convert the images among them to PNG or JPEG");
  }

  @Test
  void aLinkInALoopIsNamed() throws IOException {
    pictures(dir.resolve("a"), 1, 1);
    pictures(dir.resolve("b"), 1, 1);
    Path link = dir.resolve("a/loop");
    try {
      Files.createSymbolicLink(link, dir);
    } catch (IOException | UnsupportedOperationException e) {
      assumeTrue(false, "no links here");
    }
    assertRefused(
        this::open, link + "/a: a link on this path leads back to a folder above it; remove it");
  }
}
