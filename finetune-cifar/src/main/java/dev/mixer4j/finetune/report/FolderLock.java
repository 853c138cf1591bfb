package dev.mixer4j.finetune.report;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps other processes out of a folder. */
public final class FolderLock {

  private static final String FILE = ".lock";

  private FolderLock() {}

  /**
   * The lock of a folder, held until it is closed; that of a process that dies is freed.
   *
   * @param busy what the message says if it is held
   * @throws MixerException if another process, or another part of this one, holds it
   */
  public static FileChannel lock(Path folder, String busy) throws IOException {
    FileChannel channel =
        FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Another part of this process holds it.
    }
    channel.close();
    throw new MixerException(folder + ": " + busy);
  }
}
