package dev.mixer4j.weights.download;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;

/**
 * A lock that lets one process at a time download to a path; the system releases it if the process
 * dies. The lock files are kept: deleting one would let a third process lock a new file of that
 * name while a second still waits for the old one.
 */
final class TargetLock implements Closeable {

  private static final Duration POLL = Duration.ofMillis(200);

  private final FileChannel channel;

  private TargetLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Waits until no other download, of this process or another, has the lock. */
  static TargetLock take(Path folder, Path target, DownloadPolicy policy, DownloadListener listener)
      throws IOException {
    Files.createDirectories(folder);
    UUID name = UUID.nameUUIDFromBytes(target.toString().getBytes(StandardCharsets.UTF_8));
    FileChannel channel =
        FileChannel.open(
            folder.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      boolean told = false;
      while (!isTaken(channel)) {
        if (!told) {
          listener.waiting();
          told = true;
        }
        policy.sleeper().sleep(POLL);
      }
      return new TargetLock(channel);
    } catch (InterruptedException e) {
      channel.close();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean isTaken(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // another thread of this process
    }
  }

  /** Frees the lock with its channel. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
