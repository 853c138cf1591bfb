package dev.mixer4j.weights.download;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One attempt to complete a {@link PartFile}: a GET for the missing bytes. A {@link
 * DownloadException} is final; after any other IOException the next attempt may get further.
 */
final class HttpTransfer {

  private static final int MOST_REDIRECTS = 10;
  private static final long POLL_MILLIS = 100;

  /** What has to come within the idle timeout, a minute: a kilobyte a second. */
  static final long LEAST_BYTES = 60_000;

  /** RFC 9110, section 14.4. */
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (?:([0-9]{1,18})-([0-9]{1,18})|\\*)/([0-9]{1,18}|\\*)");

  private final DownloadPolicy policy;
  private final OptionalLong size; // of the file, if it is published
  private final boolean hashKnown; // by which a wrong or broken file is recognized
  private final DownloadListener listener;
  private final HttpClient client;
  private final AtomicLong lastByte = new AtomicLong();

  /** Where the file ends as far as is known: published, or as the server says; -1 before that. */
  private volatile long total;

  HttpTransfer(
      DownloadPolicy policy, OptionalLong size, boolean hashKnown, DownloadListener listener) {
    this.policy = policy;
    this.size = size;
    this.hashKnown = hashKnown;
    this.listener = listener;
    this.total = size.orElse(-1);
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(policy.connectTimeout())
            .followRedirects(HttpClient.Redirect.NEVER) // followed here, where loops are found
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  /** Fetches what is missing. On return the part is whole, as far as the server can tell. */
  void run(URI url, PartFile part) throws IOException {
    if (size.isPresent() && part.length() == size.getAsLong()) {
      return;
    }
    URI current = url;
    for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      HttpResponse<Void> response = send(current, part);
      if (!isRedirect(response.statusCode())) {
        if (total >= 0 && part.length() < total) {
          throw new IOException("ended after " + part.length() + " of " + total + " bytes");
        }
        return;
      }
      current = redirected(current, response.headers().firstValue("Location").orElse(""));
    }
    throw new DownloadException("more than " + MOST_REDIRECTS + " redirects; it may be a loop");
  }

  /** Resolves a Location header; from https it must not lead to http, where anyone can cheat. */
  static URI redirected(URI from, String location) throws DownloadException {
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

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private HttpResponse<Void> send(URI url, PartFile part) throws IOException {
    try (FileChannel channel = part.open()) {
      long have = channel.size();
      // Identity: a hash is of the file, not of a compressed form of it.
      HttpRequest.Builder request =
          HttpRequest.newBuilder(url).header("Accept-Encoding", "identity");
      if (have > 0) {
        request.header("Range", "bytes=" + have + "-");
        if (!part.version().isEmpty()) {
          request.header("If-Range", part.version());
        }
      }
      lastByte.set(System.nanoTime());
      return await(
          client.sendAsync(request.build(), head -> body(head, part, channel, have)), channel);
    } catch (IllegalArgumentException e) { // a URI that no request can be made of
      throw new DownloadException(url + ": " + e.getMessage(), e);
    }
  }

  /** Waits as long as bytes come. Closing the channel afterwards stops a late writer. */
  private HttpResponse<Void> await(
      CompletableFuture<HttpResponse<Void>> answer, FileChannel channel) throws IOException {
    long windowStart = System.nanoTime();
    long windowBytes = channel.size();
    while (true) {
      try {
        HttpResponse<Void> response = answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
        listener.progress(channel.size(), total);
        return response;
      } catch (TimeoutException e) {
        listener.progress(channel.size(), total);
        if (System.nanoTime() - lastByte.get() > policy.idleTimeout().toNanos()) {
          answer.cancel(true);
          throw new HttpTimeoutException(
              "nothing came for " + policy.idleTimeout().toMillis() / 1000.0 + " s");
        }
        if (System.nanoTime() - windowStart > policy.idleTimeout().toNanos()) {
          long came = channel.size() - windowBytes;
          if (came < LEAST_BYTES) {
            answer.cancel(true);
            throw new HttpTimeoutException(
                "only %d bytes came in %s s"
                    .formatted(came, policy.idleTimeout().toMillis() / 1000.0));
          }
          windowStart = System.nanoTime();
          windowBytes = channel.size();
        }
      } catch (ExecutionException e) {
        if (e.getCause()
            instanceof IllegalArgumentException nonsense) { // a length of no digits, say
          throw new DownloadException(
              "the server's answer is not sound HTTP: " + nonsense.getMessage(), nonsense);
        }
        throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
      } catch (InterruptedException e) {
        answer.cancel(true);
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted");
      }
    }
  }

  private FileBody body(ResponseInfo head, PartFile part, FileChannel channel, long have) {
    try {
      int status = head.statusCode();
      switch (status) {
        case 200 -> restart(head.headers(), part, channel);
        case 206 -> resume(head.headers(), part, channel, have);
        case 416 -> checkNothingIsMissing(head.headers(), part, channel, have);
        default -> checkMayBeFollowed(head);
      }
      return status == 200 || status == 206
          ? new FileBody(channel, total >= 0 ? total : policy.mostBytes(), lastByte)
          : FileBody.unread();
    } catch (IOException e) {
      return FileBody.refused(e);
    }
  }

  private void restart(HttpHeaders headers, PartFile part, FileChannel channel) throws IOException {
    checkEncoding(headers);
    OptionalLong length = headers.firstValueAsLong("Content-Length");
    boolean framed = length.isPresent() || headers.firstValue("Transfer-Encoding").isPresent();
    if (!framed && size.isEmpty() && !hashKnown) {
      throw new DownloadException(
          "the server does not say how long the file is, and nothing is published to check it by");
    }
    announced(length.orElse(-1), 0, part);
    part.restart(channel, version(headers));
  }

  private void resume(HttpHeaders headers, PartFile part, FileChannel channel, long have)
      throws IOException {
    checkEncoding(headers);
    Matcher range = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
    boolean fits =
        range.matches() && range.group(1) != null && Long.parseLong(range.group(1)) == have;
    if (!fits || !isOfSameVersion(headers, part)) {
      part.restart(channel, "");
      throw new IOException("the server went on with other bytes than asked for: from the start");
    }
    announced(range.group(3).equals("*") ? -1 : Long.parseLong(range.group(3)), have, part);
    channel.position(have);
  }

  private void checkNothingIsMissing(
      HttpHeaders headers, PartFile part, FileChannel channel, long have) throws IOException {
    Matcher range = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
    boolean whole = have > 0 && range.matches() && range.group(3).equals(String.valueOf(have));
    if (!whole || !isOfSameVersion(headers, part)) {
      part.restart(channel, "");
      throw new IOException("the server has less than was there already: from the start");
    }
    total = have;
  }

  private static boolean isOfSameVersion(HttpHeaders headers, PartFile part) {
    String version = version(headers);
    return version.isEmpty() || part.version().isEmpty() || version.equals(part.version());
  }

  /** A weak ETag will not do for ranges (RFC 9110, section 13.1.5). */
  private static String version(HttpHeaders headers) {
    return headers
        .firstValue("ETag")
        .filter(tag -> tag.startsWith("\""))
        .or(() -> headers.firstValue("Last-Modified"))
        .orElse("");
  }

  private static void checkEncoding(HttpHeaders headers) throws DownloadException {
    String encoding = headers.firstValue("Content-Encoding").orElse("identity");
    if (!encoding.equals("identity")) {
      throw new DownloadException(
          "the server sends it with Content-Encoding " + encoding + ", which was not asked for");
    }
  }

  /** Checks the whole file's length, as the server gives it, against what is known and allowed. */
  private void announced(long length, long have, PartFile part) throws IOException {
    if (length >= 0 && size.isPresent() && length != size.getAsLong()) {
      throw new DownloadException(
          "expected " + size.getAsLong() + " bytes, the server has " + length + ": another file");
    }
    if (length > policy.mostBytes() && size.isEmpty()) {
      throw new DownloadException(
          "the server has " + length + " bytes; at most " + policy.mostBytes() + " are taken");
    }
    total = length >= 0 ? length : size.orElse(-1);
    long free = Files.getFileStore(part.path().toAbsolutePath().getParent()).getUsableSpace();
    if (total - have > free) {
      throw new DownloadException(
          "%s: needs %d more bytes, the disk has %d left"
              .formatted(part.path(), total - have, free));
    }
  }

  private static void checkMayBeFollowed(ResponseInfo head) throws IOException {
    int status = head.statusCode();
    if (isRedirect(status)) {
      return;
    }
    if (status == 408 || status == 429 || status >= 500) {
      throw new RetryLaterException(status, head.headers().firstValue("Retry-After"));
    }
    throw new DownloadException(
        "HTTP status " + status + (status == 404 || status == 410 ? ": it is not there" : ""));
  }

  static final class RetryLaterException extends IOException {

    private static final long serialVersionUID = 1L;

    /** How long the server asks to wait; zero where it does not say, or says nonsense. */
    final transient Duration after;

    RetryLaterException(int status, Optional<String> retryAfter) {
      super("HTTP status " + status);
      this.after = retryAfter.flatMap(HttpTransfer::delay).orElse(Duration.ZERO);
    }
  }

  /** Reads a Retry-After header: seconds, or a date. */
  static Optional<Duration> delay(String retryAfter) {
    try {
      if (retryAfter.matches("[0-9]{1,9}")) {
        return Optional.of(Duration.ofSeconds(Long.parseLong(retryAfter)));
      }
      ZonedDateTime date = ZonedDateTime.parse(retryAfter, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration wait = Duration.between(Instant.now(), date.toInstant());
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
