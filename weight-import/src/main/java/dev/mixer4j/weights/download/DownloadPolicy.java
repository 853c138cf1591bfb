package dev.mixer4j.weights.download;

import java.io.InterruptedIOException;
import java.time.Duration;

/**
 * The timeouts, retries and limits of a download.
 *
 * @param connectTimeout for one connection
 * @param idleTimeout time without a single byte after which an attempt fails
 * @param attempts failed attempts in a row, each without any new byte, after which it gives up; a
 *     server that was never reached gets two at most
 * @param firstDelay between two attempts; doubles each time
 * @param longestDelay upper bound of the doubled delay
 * @param longestRetryAfter longest delay that a server may ask for; more ends the download
 * @param mostBytes largest size of a file whose size is not published
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

  /** The wait between attempts, which tests can skip. */
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

  /** Settings for files of a gigabyte over a home connection. */
  public static final DownloadPolicy DEFAULT =
      new DownloadPolicy(
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          6,
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          4L << 30,
          delay -> Thread.sleep(delay.toMillis()));

  /**
   * The delay after so many failures in a row: it doubles each time, less a random share of up to a
   * half, so that the clients of a broken server do not all come back at once.
   */
  Duration delay(int failures, double random) {
    double factor = Math.pow(2, Math.min(failures - 1, 30));
    double millis = Math.min(firstDelay.toMillis() * factor, longestDelay.toMillis());
    return Duration.ofMillis(Math.round(millis * (1 - random / 2)));
  }

  void pause(Duration delay) throws InterruptedIOException {
    try {
      sleeper.sleep(delay);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
