package dev.mixer4j.weights.download;

import java.time.Duration;

/**
 * A listener for the progress of a download. Its methods are called on the thread that called
 * {@link Downloader#fetch(Downloadable, java.net.URI, java.nio.file.Path)}.
 */
public interface DownloadListener {

  /**
   * More bytes have arrived.
   *
   * @param bytes received so far; fewer than before after a restart
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
