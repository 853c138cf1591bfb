package dev.mixer4j.weights.download;

import java.time.Duration;

/**
 * The timeouts, attempts and size limit of a download.
 *
 * @param connectTimeout for one connection
 * @param idleTimeout without a single byte, after which an attempt counts as failed
 * @param attempts in a row without progress after which it gives up
 * @param firstDelay between two attempts; doubles each time
 * @param longestDelay where the doubling ends
 * @param longestRetryAfter that a server may ask for; more ends the download
 * @param mostBytes of a file whose size is not published
 * @param sleeper waits between attempts
 */
public record DownloadPolicy(
    Duration connectTimeout,
    Duration idleTimeout,
    int attempts,
    Duration firstDelay,
    Duration longestDelay,
    Duration longestRetryAfter,
    long mostBytes,
    Sleeper sleeper) {

  /** Waits; a test's waits for nothing. */
  @FunctionalInterface
  public interface Sleeper {
    /**
     * Waits.
     *
     * @param delay after which it returns
     * @throws InterruptedException if the thread is interrupted meanwhile; the download ends
     */
    void sleep(Duration delay) throws InterruptedException;
  }

  /** Fit for files of a gigabyte over home lines. */
  public static final DownloadPolicy DEFAULT =
      new DownloadPolicy(
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          6,
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          4L << 30,
          delay -> Thread.sleep(delay.toMillis()));

  /**
   * How long to wait after a failure: twice as long each time, less a random share of up to a half,
   * so that many clients of one broken server do not come back all at once.
   *
   * @param failures in a row so far, 1 or more
   * @param random in [0, 1)
   */
  Duration delay(int failures, double random) {
    double factor = Math.pow(2, Math.min(failures - 1, 30));
    double millis = Math.min(firstDelay.toMillis() * factor, longestDelay.toMillis());
    return Duration.ofMillis(Math.round(millis * (1 - random / 2)));
  }
}
