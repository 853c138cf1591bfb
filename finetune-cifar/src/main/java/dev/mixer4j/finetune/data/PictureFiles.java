package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The picture files of each class, sorted by name.
 *
 * @param skipped how many files of another ending there are, by ending
 */
record PictureFiles(SortedMap<String, List<Path>> byClass, SortedMap<String, Integer> skipped) {

  static final PictureFiles NONE = new PictureFiles(new TreeMap<>(), new TreeMap<>());

  record Picture(Path file, int label) {}

  record Split(PictureFiles kept, PictureFiles heldOut) {}

  private static final Pattern NAME = Pattern.compile("(?i)[^.].*\\.(png|jpg|jpeg)");

  /** Links may form a cycle. */
  private static final int MAX_DEPTH = 16;

  /** What systems and tools leave in folders of pictures. */
  private static final Pattern CLUTTER =
      Pattern.compile("\\..*|__MACOSX|@eaDir|Thumbs\\.db|desktop\\.ini");

  /** The folders in a folder that are not hidden, sorted by name. */
  static List<Path> folders(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).filter(e -> !isClutter(e)).sorted().toList();
    }
  }

  private static boolean isClutter(Path entry) {
    return CLUTTER.matcher(entry.getFileName().toString()).matches();
  }

  /** Lists a folder that has a folder of pictures for each of two or more classes. */
  static PictureFiles in(Path root) throws IOException {
    SortedMap<String, List<Path>> byClass = new TreeMap<>();
    SortedMap<String, Integer> skipped = new TreeMap<>();
    for (Path folder : folders(root)) {
      List<Path> files = pictures(folder, skipped);
      if (files.isEmpty()) {
        throw new DatasetException(
            folder + ": expected pictures of a class (.png, .jpg, .jpeg), found none");
      }
      List<Path> inside = folders(folder);
      if (inside.size() > 1 && files.stream().noneMatch(file -> folder.equals(file.getParent()))) {
        throw new DatasetException(
            "%s: expected pictures of one class, as in each folder of %s, found folders alone: %s;"
                    .formatted(folder, root, names(inside))
                + " name the folder whose folders are the classes, or call folders train and test");
      }
      byClass.put(folder.getFileName().toString(), files);
    }
    if (byClass.size() < 2) {
      throw new DatasetException(
          "%s: expected a folder for each of 2 classes or more, found %d: %s"
              .formatted(root, byClass.size(), byClass.keySet()));
    }
    return new PictureFiles(byClass, skipped);
  }

  static String names(List<Path> folders) {
    return folders.stream()
        .map(folder -> folder.getFileName().toString())
        .collect(Collectors.joining(", "));
  }

  /** All pictures below a folder, sorted by name; counts what is skipped. */
  private static List<Path> pictures(Path folder, SortedMap<String, Integer> skipped)
      throws IOException {
    List<Path> pictures = new ArrayList<>();
    try (Stream<Path> entries = Files.walk(folder, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      for (Path entry : (Iterable<Path>) entries.filter(Files::isRegularFile)::iterator) {
        if (isBelowClutter(folder.relativize(entry))) {
          continue;
        }
        String name = entry.getFileName().toString();
        if (NAME.matcher(name).matches()) {
          pictures.add(entry);
        } else {
          String ending = name.contains(".") ? name.substring(name.lastIndexOf('.')) : "no ending";
          skipped.merge(ending.toLowerCase(Locale.ROOT), 1, Integer::sum);
        }
      }
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof FileSystemLoopException loop) {
        throw new DatasetException(
            loop.getFile() + ": a link on this path leads back to a folder above it; remove it",
            loop);
      }
      throw e.getCause();
    }
    Collections.sort(pictures);
    return pictures;
  }

  private static boolean isBelowClutter(Path relative) {
    for (Path part : relative) {
      if (isClutter(part)) {
        return true;
      }
    }
    return false;
  }

  boolean isEmpty() {
    return byClass.isEmpty();
  }

  List<String> classNames() {
    return List.copyOf(byClass.keySet());
  }

  /**
   * All pictures: the first of each class, the second of each, and so on, so that the first few
   * show all classes. Labels are indices of {@code classNames}.
   */
  List<Picture> inTurn(List<String> classNames) {
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

  /** Holds out a random fraction of each class, but no class's only picture. */
  Split split(double fraction, long seed) {
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
    return new Split(new PictureFiles(kept, skipped), new PictureFiles(heldOut, new TreeMap<>()));
  }
}
