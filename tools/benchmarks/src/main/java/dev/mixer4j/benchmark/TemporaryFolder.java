package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder that goes, with all that is in it. */
final class TemporaryFolder implements AutoCloseable {

  private final Path path;

  TemporaryFolder() throws IOException {
    path = Files.createTempDirectory("mixer4j-benchmark");
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> found = Files.walk(path)) {
      for (Path file : found.sorted(Comparator.reverseOrder()).toList()) { // folders last
        Files.delete(file);
      }
    }
  }
}
