package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The pictures of some classes, as files: their order does not depend on the file system's.
 *
 * @param byClass each class's files, none of them empty
 */
public record PictureFiles(SortedMap<String, List<Path>> byClass) {

  /** A picture of a class, which is counted in the order of the names. */
  public record Picture(Path file, int label) {}

  /** Two halves, of which the second is held out. */
  public record Split(PictureFiles kept, PictureFiles heldOut) {}

  private static final Pattern NAME = Pattern.compile("(?i)[^.].*\\.(png|jpg|jpeg)");

  /** Links may lead in circles. */
  private static final int MAX_DEPTH = 16;

  /** The folders in a folder, without hidden ones, in the order of their names. */
  public static List<Path> folders(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(Files::isDirectory)
          .filter(entry -> !entry.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }

  /**
   * Lists a folder of a folder a class.
   *
   * @throws DatasetException if there are fewer than two classes, or one has no pictures
   */
  public static PictureFiles in(Path root) throws IOException {
    SortedMap<String, List<Path>> byClass = new TreeMap<>();
    for (Path folder : folders(root)) {
      List<Path> files = pictures(folder);
      if (files.isEmpty()) {
        throw new DatasetException(
            folder + ": expected pictures of a class (.png, .jpg, .jpeg), found none");
      }
      byClass.put(folder.getFileName().toString(), files);
    }
    if (byClass.size() < 2) {
      throw new DatasetException(
          "%s: expected a folder for each of 2 classes or more, found %d: %s"
              .formatted(root, byClass.size(), byClass.keySet()));
    }
    return new PictureFiles(byClass);
  }

  /** All below a folder, in the order of their names. */
  private static List<Path> pictures(Path folder) throws IOException {
    try (Stream<Path> entries = Files.walk(folder, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      return entries
          .filter(entry -> NAME.matcher(entry.getFileName().toString()).matches())
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  public List<String> classNames() {
    return List.copyOf(byClass.keySet());
  }

  /**
   * All pictures, the classes in turn: the first of each, the second of each, and so on, so that
   * the first few are of all classes.
   *
   * @param classNames whose places are the labels
   */
  public List<Picture> inTurn(List<String> classNames) {
    List<Picture> pictures = new ArrayList<>();
    int longest = byClass.values().stream().mapToInt(List::size).max().orElse(0);
    for (int i = 0; i < longest; i++) {
      for (int label = 0; label < classNames.size(); label++) {
        List<Path> files = byClass.getOrDefault(classNames.get(label), List.of());
        if (i < files.size()) {
          pictures.add(new Picture(files.get(i), label));
        }
      }
    }
    return pictures;
  }

  /**
   * Holds a fraction of each class out, at random; of a class with a single picture nothing.
   *
   * @param fraction above 0 and below 1
   */
  public Split split(double fraction, long seed) {
    SortedMap<String, List<Path>> kept = new TreeMap<>();
    SortedMap<String, List<Path>> heldOut = new TreeMap<>();
    Random random = new Random(seed);
    byClass.forEach(
        (name, files) -> {
          List<Path> shuffled = new ArrayList<>(files);
          Collections.shuffle(shuffled, random);
          int keep = files.size() == 1 ? 1 : DatasetRequest.trainedOn(files.size(), fraction);
          kept.put(name, shuffled.subList(0, keep).stream().sorted().toList());
          heldOut.put(name, shuffled.subList(keep, files.size()).stream().sorted().toList());
        });
    return new Split(new PictureFiles(kept), new PictureFiles(heldOut));
  }
}
