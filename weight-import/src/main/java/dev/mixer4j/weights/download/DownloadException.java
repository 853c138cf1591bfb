package dev.mixer4j.weights.download;

import java.io.IOException;

/** An exception for a download that another attempt would not fix. The message is for the user. */
public final class DownloadException extends IOException {

  private static final long serialVersionUID = 1L;

  DownloadException(String message) {
    super(message);
  }

  DownloadException(String message, Throwable cause) {
    super(message, cause);
  }
}
