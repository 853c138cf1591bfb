package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The picture files of each class, sorted by name.
 *
 * @param skipped how many files of another ending there are, by ending
 */
record PictureFiles(SortedMap<String, List<Path>> byClass, SortedMap<String, Integer> skipped) {

  static final PictureFiles NONE = new PictureFiles(new TreeMap<>(), new TreeMap<>());

  record Picture(Path file, int label) {}

  record Split(PictureFiles kept, PictureFiles heldOut) {}

  /** Lists a folder that has a folder of pictures for each of two or more classes. */
  static PictureFiles in(Path root) throws IOException {
    SortedMap<String, List<Path>> byClass = new TreeMap<>();
    SortedMap<String, Integer> skipped = new TreeMap<>();
    for (Path folder : ImageFiles.folders(root)) {
      ImageFiles inFolder = ImageFiles.below(folder);
      inFolder.skipped().forEach((ending, count) -> skipped.merge(ending, count, Integer::sum));
      List<Path> files = inFolder.files();
      if (files.isEmpty()) {
        throw new DatasetException(
            folder + ": expected pictures of a class (.png, .jpg, .jpeg), found none");
      }
      List<Path> inside = ImageFiles.folders(folder);
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
