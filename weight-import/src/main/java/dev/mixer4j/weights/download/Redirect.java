package dev.mixer4j.weights.download;

import java.net.URI;

/** The target of a redirect, if it may be followed. */
final class Redirect {

  private Redirect() {}

  /**
   * Resolves a Location header.
   *
   * @throws DownloadException if it leads off the web, or from an encrypted connection to a plain
   *     one, where anyone on the way could put in a file of their own
   */
  static URI next(URI from, String location) throws DownloadException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new DownloadException("redirect to what is no address: '" + location + "'", e);
    }
    boolean https = "https".equalsIgnoreCase(to.getScheme());
    if (location.isEmpty() || to.getHost() == null) {
      throw new DownloadException("redirect to nowhere: '" + location + "'");
    }
    if (!https && !"http".equalsIgnoreCase(to.getScheme())) {
      throw new DownloadException("redirect off the web: " + to);
    }
    if (!https && "https".equalsIgnoreCase(from.getScheme())) {
      throw new DownloadException("redirect from https to unprotected http refused: " + to);
    }
    return to;
  }
}
