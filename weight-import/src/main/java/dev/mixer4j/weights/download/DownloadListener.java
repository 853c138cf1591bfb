package dev.mixer4j.weights.download;

import java.time.Duration;

/** Follows a download, on the thread that asked for it. */
public interface DownloadListener {

  /**
   * More of the file is there.
   *
   * @param bytes there so far; fewer than before after a restart
   * @param total the file's size; -1 if unknown
   */
  default void progress(long bytes, long total) {}

  /**
   * An attempt failed, and the next one starts after the delay.
   *
   * @param reason what went wrong, for a person
   * @param delay until the next attempt
   */
  default void retrying(String reason, Duration delay) {}

  /** Another process downloads the same file; the download waits for it. */
  default void waiting() {}
}
