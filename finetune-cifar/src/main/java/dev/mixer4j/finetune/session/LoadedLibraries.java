package dev.mixer4j.finetune.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the native libraries of this process. */
public final class LoadedLibraries {

  private LoadedLibraries() {}

  /** The file of a library, by the start of its name; empty on systems other than Linux. */
  public static Optional<String> file(String nameStart) {
    try {
      return Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.contains("/" + nameStart))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst();
    } catch (IOException e) { // not Linux
      return Optional.empty();
    }
  }
}
