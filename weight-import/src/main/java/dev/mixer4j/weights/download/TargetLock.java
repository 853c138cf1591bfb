package dev.mixer4j.weights.download;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;

/**
 * A lock that lets one process at a time download to a path; the system frees it if the process
 * dies. The lock's file stays: if it were deleted, a third process could lock a new file of its
 * name while a second still waits for the old one.
 */
final class TargetLock {

  private static final Duration POLL = Duration.ofMillis(200);

  private TargetLock() {}

  /** Waits for other downloads, of this process or another; closing the result frees the lock. */
  static FileChannel take(
      Path folder, Path target, DownloadPolicy policy, DownloadListener listener)
      throws IOException {
    Files.createDirectories(folder);
    UUID name = UUID.nameUUIDFromBytes(target.toString().getBytes(StandardCharsets.UTF_8));
    FileChannel channel =
        FileChannel.open(
            folder.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!isTaken(channel)) {
        listener.waiting();
        do {
          policy.pause(POLL);
        } while (!isTaken(channel));
      }
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // another thread of this process
    }
  }
}
