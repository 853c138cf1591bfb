package dev.mixer4j.weights.download;

import java.net.URI;

/**
 * A server with copies of other servers' files under the same paths.
 *
 * @param base what takes the place of scheme, host and port, with a path of its own or none
 */
public record Mirror(URI base) {

  /**
   * Checks the address.
   *
   * @param base https or http, with a host, without query and fragment
   * @throws IllegalArgumentException if it is not of the web
   */
  public Mirror {
    String scheme = base.getScheme();
    boolean web = "https".equalsIgnoreCase(scheme) || "http".equalsIgnoreCase(scheme);
    if (!web || base.getHost() == null || base.getQuery() != null || base.getFragment() != null) {
      throw new IllegalArgumentException(
          "expected an address as https://mirror.example/path, found '" + base + "'");
    }
  }

  /**
   * {@return where the mirror has what others have under this URL}
   *
   * @param url of a file elsewhere
   */
  public URI of(URI url) {
    String address = base.toString();
    String prefix = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    return URI.create(
        prefix + url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery()));
  }
}
