package dev.mixer4j.finetune.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The native libraries of this process. */
public final class LoadedLibraries {

  private static final Path MAPS = Path.of("/proc/self/maps");

  private LoadedLibraries() {}

  /** The file of a library whose name starts so; empty if Linux does not list it. */
  public static Optional<String> file(String nameStart) {
    try {
      return Files.readAllLines(MAPS).stream()
          .filter(line -> line.contains("/" + nameStart))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst();
    } catch (IOException e) { // another system
      return Optional.empty();
    }
  }
}
