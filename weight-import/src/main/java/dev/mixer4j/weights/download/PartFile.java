package dev.mixer4j.weights.download;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * The bytes of a file so far, in {@code NAME.part}, and their URL and version, in {@code
 * NAME.part.from}, so that another process can resume the download.
 */
final class PartFile {

  private final Path target;
  private final Path path;
  private final Path from;
  private final URI url;

  /** What If-Range takes: a strong ETag or a date; empty where the server gave neither. */
  private String version = "";

  PartFile(Path target, URI url) {
    this.target = target;
    this.path = target.resolveSibling(target.getFileName() + ".part");
    this.from = target.resolveSibling(target.getFileName() + ".part.from");
    this.url = url;
  }

  /**
   * Keeps what an earlier process left of the same URL. If no hash can check the whole, it needs a
   * version too, since the server's file may have changed.
   */
  void takeUp(boolean checkable) throws IOException {
    if (Files.exists(path) && Files.exists(from)) {
      List<String> lines = Files.readAllLines(from);
      if (lines.size() == 2 && lines.get(0).equals(url.toString())) {
        version = lines.get(1);
        if (checkable || !version.isEmpty()) {
          return;
        }
      }
    }
    discard();
  }

  Path target() {
    return target;
  }

  Path path() {
    return path;
  }

  String version() {
    return version;
  }

  long length() throws IOException {
    return Files.exists(path) ? Files.size(path) : 0;
  }

  FileChannel open() throws IOException {
    return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  void restart(FileChannel channel, String newVersion) throws IOException {
    channel.truncate(0);
    version = newVersion;
    Files.write(from, List.of(url.toString(), version));
  }

  void discard() throws IOException {
    Files.deleteIfExists(path);
    Files.deleteIfExists(from);
    version = "";
  }

  void finish() throws IOException {
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(from);
  }
}
