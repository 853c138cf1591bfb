package dev.mixer4j.weights.download;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * A downloader of published files. A target path holds the whole file, checked, or none.
 *
 * <pre>{@code
 * PublishedCheckpoint checkpoint =
 *     PublishedCheckpoints.load().find("mixer_b16_224.miil_in21k").orElseThrow();
 * PublishedFile file = checkpoint.files().get(0);
 * DownloadCache cache = DownloadCache.ofUser();
 * Path target = cache.path(checkpoint.name(), file.fileName());
 * Downloader downloader =
 *     new Downloader(DownloadPolicy.DEFAULT, cache, new DownloadListener() {});
 * Downloaded done = downloader.fetch(file, file.url(), target, target);
 * }</pre>
 *
 * <p>A transfer that breaks off resumes where it stopped, in this process or a later one.
 */
public final class Downloader {

  /** However many bytes each attempt brings, a server that always breaks off ends here. */
  private static final int MOST_ATTEMPTS_FACTOR = 50;

  /** Without a network, trying again for long does not help. */
  private static final int MOST_UNREACHED = 2;

  private static final String WITHOUT_NETWORK =
      "--mirror takes it from another server; or get the file in another way, place it at %s and"
          + " repeat the command, which then only checks it";

  private final DownloadPolicy policy;
  private final DownloadCache cache;
  private final DownloadListener listener;

  /**
   * Prepares downloads.
   *
   * @param policy timeouts, retries and limits
   * @param cache has files of earlier downloads; processes that download the same file wait here
   * @param listener follows the progress
   */
  public Downloader(DownloadPolicy policy, DownloadCache cache, DownloadListener listener) {
    this.policy = policy;
    this.cache = cache;
    this.listener = listener;
  }

  /**
   * Downloads a file unless the cache has it.
   *
   * @param file the published file
   * @param url where to download it: the file's own URL or a mirror's
   * @param cached its path in the cache
   * @param target the file to create: the same path or another one; an existing file is replaced
   * @return the file's path, its hash, and whether it already existed
   * @throws DownloadException if it cannot be downloaded, or differs from the published file
   * @throws IOException if the cache or the target cannot be read or written
   */
  public Downloaded fetch(Downloadable file, URI url, Path cached, Path target) throws IOException {
    return fetch(file, url, target.toAbsolutePath(), Optional.of(cached.toAbsolutePath()));
  }

  /**
   * Downloads a file without the cache, unless the target already is the published file.
   *
   * @param file the published file
   * @param url where to download it: the file's own URL or a mirror's
   * @param target the file to create; any other file there is replaced
   * @return the file's path, its hash, and whether it already existed
   * @throws DownloadException if it cannot be downloaded, or differs from the published file
   * @throws IOException if the cache or the target cannot be read or written
   */
  public Downloaded fetch(Downloadable file, URI url, Path target) throws IOException {
    return fetch(file, url, target.toAbsolutePath(), Optional.empty());
  }

  private Downloaded fetch(Downloadable file, URI url, Path target, Optional<Path> cached)
      throws IOException {
    boolean intoCache = cached.filter(target::equals).isPresent();
    Path there = target.getParent();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    Files.createDirectories(target.getParent());
    FileChannel lock = TargetLock.take(cache.locks(), target, policy, listener);
    try {
      Optional<String> known = Optional.empty();
      if (cached.isPresent()) {
        known = cache.check(cached.get(), file);
      } else if (file.hashed()) {
        known = DownloadCache.hash(target, file);
      }
      if (known.isPresent()) {
        if (cached.isPresent() && !intoCache) {
          cache.copy(cached.get(), target);
        }
        return new Downloaded(target, Files.size(target), known.get(), true);
      }
      if (intoCache) {
        Files.deleteIfExists(target); // damaged since it was downloaded
      }
      return download(file, url, target, intoCache);
    } catch (IOException e) {
      removeEmpty(target.getParent(), there);
      throw e;
    } finally {
      lock.close();
    }
  }

  /** Removes folders that were made for a file that did not come, up to one that was there. */
  private static void removeEmpty(Path folder, Path there) throws IOException {
    try {
      for (Path made = folder; !made.equals(there); made = made.getParent()) {
        Files.delete(made);
      }
    } catch (DirectoryNotEmptyException e) { // part of the file, or another one
      return;
    }
  }

  private Downloaded download(Downloadable file, URI url, Path target, boolean intoCache)
      throws IOException {
    PartFile part = new PartFile(target, url);
    part.takeUp(file.hashed());
    try {
      transfer(file, url, part);
    } catch (IOException e) {
      if (part.length() == 0) {
        part.discard();
      }
      throw e;
    }
    String hash = verify(file, url, part);
    long size = part.length();
    if (intoCache) {
      cache.remember(target, hash);
    }
    part.finish();
    return new Downloaded(target, size, hash, false);
  }

  private void transfer(Downloadable file, URI url, PartFile part) throws IOException {
    HttpTransfer transfer = new HttpTransfer(policy, file.size(), file.hashed(), listener);
    int failures = 0;
    boolean reached = false;
    for (int attempt = 1; ; attempt++) {
      long before = part.length();
      try {
        transfer.run(url, part);
        return;
      } catch (DownloadException
          | SSLHandshakeException
          | SSLPeerUnverifiedException
          | InterruptedIOException e) {
        throw failed(url, reason(e), e);
      } catch (IOException e) {
        boolean further = part.length() - before >= HttpTransfer.LEAST_BYTES;
        failures = further ? 1 : failures + 1;
        reached |= !isUnreachable(e);
        if (!reached && (failures == MOST_UNREACHED || e instanceof HttpConnectTimeoutException)) {
          throw failed(url, reason(e) + "; " + WITHOUT_NETWORK.formatted(part.target()), e);
        }
        if (failures >= policy.attempts() || attempt >= policy.attempts() * MOST_ATTEMPTS_FACTOR) {
          throw failed(url, reason(e) + "; gave up after " + attempt + " attempts", e);
        }
        Duration delay = delay(url, failures, e);
        listener.retrying(reason(e), delay);
        policy.pause(delay);
      }
    }
  }

  private Duration delay(URI url, int failures, IOException problem) throws DownloadException {
    Duration own = policy.delay(failures, ThreadLocalRandom.current().nextDouble());
    Duration asked =
        problem instanceof HttpTransfer.RetryLaterException later ? later.after : Duration.ZERO;
    if (asked.compareTo(policy.longestRetryAfter()) > 0) {
      String reason = problem.getMessage() + ": asks to come back in " + asked.toSeconds() + " s";
      throw failed(url, reason, problem);
    }
    return asked.compareTo(own) > 0 ? asked : own;
  }

  /** Deletes a file that is not the published one, so that no download resumes it. */
  private static String verify(Downloadable file, URI url, PartFile part) throws IOException {
    Optional<String> problem = file.problem(part.path());
    if (problem.isPresent()) {
      part.discard();
      throw failed(url, problem.get() + "; it is deleted", null);
    }
    String hash = file.hashOf(part.path());
    if (file.allows(part.length(), hash)) {
      return hash;
    }
    long length = part.length();
    part.discard();
    boolean otherSize = file.size().isPresent() && file.size().getAsLong() != length;
    String reason =
        otherSize
            ? "expected " + file.size().getAsLong() + " bytes, got " + length
            : "these are other bytes than were published: expected %s, found %s"
                .formatted(file.expectedHash(), hash);
    throw failed(url, reason + "; they are deleted", null);
  }

  private static DownloadException failed(URI url, String reason, Exception cause) {
    return new DownloadException(url + ": " + reason, cause);
  }

  private static boolean isUnreachable(IOException problem) {
    return problem instanceof ConnectException || problem instanceof HttpConnectTimeoutException;
  }

  /** The network's exceptions often have no message, or one for programmers. */
  private static String reason(IOException problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
        return "no such host, or no network";
      }
    }
    if (problem instanceof HttpConnectTimeoutException) {
      return "no connection within the time limit";
    }
    if (problem instanceof ConnectException) {
      String detail = problem.getMessage();
      return "cannot connect" + (detail == null ? "" : ": " + detail);
    }
    return problem.getMessage() == null ? problem.toString() : problem.getMessage();
  }
}
