package dev.mixer4j.weights.download;

import java.net.URI;

/**
 * A server with copies of other servers' files under the same paths.
 *
 * <pre>{@code
 * Mirror mirror = new Mirror(URI.create("https://mirror.example/a"));
 * URI copy = mirror.of(file.url());
 * }</pre>
 *
 * @param base replaces scheme, host and port; may have a path of its own
 */
public record Mirror(URI base) {

  /**
   * Checks the address.
   *
   * @param base https or http, with a host, without query and fragment
   * @throws IllegalArgumentException if it is another kind of address
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
   * {@return the URL of the mirror's copy of a file}
   *
   * @param url of the original file
   */
  public URI of(URI url) {
    String address = base.toString();
    String prefix = address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    return URI.create(
        prefix + url.getRawPath() + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery()));
  }
}
