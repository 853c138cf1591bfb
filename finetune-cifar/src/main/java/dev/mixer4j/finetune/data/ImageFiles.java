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
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The PNG and JPEG files below a folder, sorted by path.
 *
 * @param skipped how many files of another ending there are, by ending
 */
public record ImageFiles(List<Path> files, SortedMap<String, Integer> skipped) {

  private static final Pattern NAME = Pattern.compile("(?i)[^.].*\\.(png|jpg|jpeg)");

  /** Endings of images that are not read. */
  private static final Set<String> OTHER_IMAGES =
      Set.of(".webp", ".heic", ".avif", ".gif", ".bmp", ".tif", ".tiff");

  /** Links may form a cycle. */
  private static final int MAX_DEPTH = 16;

  /** What systems and tools leave in folders of images. */
  private static final Pattern CLUTTER =
      Pattern.compile("\\..*|__MACOSX|@eaDir|Thumbs\\.db|desktop\\.ini");

  /** Lists a folder and the folders in it. */
  public static ImageFiles below(Path folder) throws IOException {
    List<Path> images = new ArrayList<>();
    SortedMap<String, Integer> skipped = new TreeMap<>();
    try (Stream<Path> entries = Files.walk(folder, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
      for (Path entry : (Iterable<Path>) entries.filter(Files::isRegularFile)::iterator) {
        if (isBelowClutter(folder.relativize(entry))) {
          continue;
        }
        String name = entry.getFileName().toString();
        if (NAME.matcher(name).matches()) {
          images.add(entry);
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
    Collections.sort(images);
    return new ImageFiles(images, skipped);
  }

  /** The folders in a folder that are not hidden, sorted by name. */
  static List<Path> folders(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).filter(e -> !isClutter(e)).sorted().toList();
    }
  }

  private static boolean isClutter(Path entry) {
    return CLUTTER.matcher(entry.getFileName().toString()).matches();
  }

  private static boolean isBelowClutter(Path relative) {
    for (Path part : relative) {
      if (isClutter(part)) {
        return true;
      }
    }
    return false;
  }

  /** A sentence about the files of a folder that are skipped, if there are any. */
  public static Optional<String> note(Path folder, SortedMap<String, Integer> skipped) {
    if (skipped.isEmpty()) {
      return Optional.empty();
    }
    String counts =
        skipped.entrySet().stream()
            .map(each -> each.getValue() + " " + each.getKey())
            .collect(Collectors.joining(", "));
    return Optional.of(
        "%s: files that are neither .png, .jpg nor .jpeg are not used: %s".formatted(folder, counts)
            + (skipped.keySet().stream().anyMatch(OTHER_IMAGES::contains)
                ? "; convert the images among them to PNG or JPEG"
                : ""));
  }
}
