package dev.mixer4j.finetune.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The native libraries of this process. */
public final class LoadedLibraries {

  private static final Path MAPS = Path.of("/proc/self/maps");

  private LoadedLibraries() {}

  /** The file of a library, by the begin of its name; empty where Linux does not tell. */
  public static Optional<String> file(String nameStart) {
    try {
      return Files.readAllLines(MAPS).stream()
          .filter(line -> line.contains("/" + nameStart))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst();
    } catch (IOException e) { // of another system
      return Optional.empty();
    }
  }
}
