package dev.mixer4j.weights.command;

import dev.mixer4j.weights.download.DownloadListener;
import java.io.PrintWriter;
import java.time.Duration;

/** Shows a download: a bar on a terminal; elsewhere only problems, one line each. */
public final class DownloadProgress implements DownloadListener, AutoCloseable {

  private static final long BYTES_PER_MB = 1_000_000;

  private final PrintWriter err;
  private Progress bar;
  private long shown;

  public DownloadProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void progress(long bytes, long total) {
    // Not before the total is known: a bar cannot be given one later.
    if (bar == null && total >= 0) {
      bar = Progress.of("Downloading", total, "MB", BYTES_PER_MB);
    }
    if (bar != null && bytes != shown) {
      bar.step(bytes - shown);
      bar.message(""); // of the last retry, which is over
      shown = bytes;
    }
  }

  @Override
  public void retrying(String reason, Duration delay) {
    say("%s; trying again in %.1f s".formatted(reason, delay.toMillis() / 1000.0));
  }

  @Override
  public void waiting() {
    say("another process downloads this file: waiting for it");
  }

  private void say(String message) {
    if (Terminal.isInteractive() && bar != null) {
      bar.message(message);
    } else {
      err.println(message);
      err.flush();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
