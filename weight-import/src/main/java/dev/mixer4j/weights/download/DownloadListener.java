package dev.mixer4j.weights.download;

import java.time.Duration;

/** A listener for the progress of a download, called on the thread that started it. */
public interface DownloadListener {

  /**
   * Some more of the file is there.
   *
   * @param bytes there so far; fewer than before if it starts again
   * @param total the file's; -1 where unknown
   */
  default void progress(long bytes, long total) {}

  /**
   * An attempt failed, and the next one starts after the delay.
   *
   * @param reason what went wrong, for a person
   * @param delay until the next attempt
   */
  default void retrying(String reason, Duration delay) {}

  /** Another process is at the same file, and is waited for. */
  default void waiting() {}
}
