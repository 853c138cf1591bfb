package dev.mixer4j.weights.download;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A folder of downloaded files, each under its checkpoint's name. A hash in {@code FILE.sha256}, as
 * sha256sum writes it, lets each file be checked again before use, even without a published hash.
 *
 * @param folder the root of all files, created when needed
 */
public record DownloadCache(Path folder) {

  /** {@return the user's cache: {@code MIXER4J_CACHE}, or a folder where the system has caches} */
  public static DownloadCache ofUser() {
    return new DownloadCache(
        folder(System.getenv(), System.getProperty("os.name"), System.getProperty("user.home")));
  }

  static Path folder(Map<String, String> environment, String system, String home) {
    UnaryOperator<String> variable = name -> environment.getOrDefault(name, "");
    if (!variable.apply("MIXER4J_CACHE").isEmpty()) {
      return Path.of(variable.apply("MIXER4J_CACHE")).toAbsolutePath();
    }
    if (system.startsWith("Windows") && !variable.apply("LOCALAPPDATA").isEmpty()) {
      return Path.of(variable.apply("LOCALAPPDATA"), "mixer4j", "cache");
    }
    if (system.startsWith("Mac")) {
      return Path.of(home, "Library", "Caches", "mixer4j");
    }
    // The XDG specification has relative paths ignored.
    Path xdg = Path.of(variable.apply("XDG_CACHE_HOME"));
    return (xdg.isAbsolute() ? xdg : Path.of(home, ".cache")).resolve("mixer4j");
  }

  /**
   * {@return the path of a file in the cache}
   *
   * @param checkpoint names the folder
   * @param file one of its files
   */
  public Path path(String checkpoint, String file) {
    return folder.resolve(checkpoint).resolve(file);
  }

  Path locks() {
    return folder.resolve("locks");
  }

  /** The hash of a file that is there and still as it was downloaded; empty for any other. */
  Optional<String> check(Path path, Downloadable file) throws IOException {
    Optional<String> hash = hash(path, file);
    return hash.isEmpty() || !Files.exists(record(path))
        ? hash
        : hash.filter(Files.readString(record(path))::startsWith);
  }

  /** The hash of a file that is there and may be the published one; empty for any other. */
  static Optional<String> hash(Path path, Downloadable file) throws IOException {
    if (!Files.isRegularFile(path) || file.problem(path).isPresent()) {
      return Optional.empty();
    }
    String hash = file.hashOf(path);
    return file.allows(Files.size(path), hash) ? Optional.of(hash) : Optional.empty();
  }

  void remember(Path path, String sha256) throws IOException {
    Files.writeString(record(path), sha256 + "  " + path.getFileName() + "\n");
  }

  private static Path record(Path path) {
    return path.resolveSibling(path.getFileName() + ".sha256");
  }

  /** Copies a cached file whole or not at all. */
  void copy(Path cached, Path target) throws IOException {
    Path beside = target.resolveSibling(target.getFileName() + ".part");
    try {
      Files.copy(cached, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(
          beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
