package dev.mixer4j.weights.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.download.ScriptedServer.Answer;
import dev.mixer4j.weights.download.ScriptedServer.Request;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A downloader, a server, and what a good server does with ranges, If-Range and 416. */
@Timeout(20)
abstract class ServedDownload {

  static final int SIZE = 300_000;

  static final byte[] NONE = {};

  @TempDir Path folder;

  final List<Duration> delays = new ArrayList<>();

  final byte[] content = new byte[SIZE];

  ScriptedServer server;

  Path target;

  final DownloadPolicy policy =
      new DownloadPolicy(
          Duration.ofSeconds(5),
          Duration.ofMillis(400),
          4,
          Duration.ofSeconds(1),
          Duration.ofSeconds(8),
          Duration.ofSeconds(100),
          4 * SIZE,
          delays::add);

  @BeforeEach
  void start() throws IOException {
    new Random(1).nextBytes(content);
    System.arraycopy("PK\3\4".getBytes(StandardCharsets.ISO_8859_1), 0, content, 0, 4);
    server = new ScriptedServer();
    target = folder.resolve("cache/x/weights.pth");
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  static Answer hang() {
    try {
      Thread.sleep(60_000); // longer than this class's timeout
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Answer.of(500, "", NONE);
  }

  /** Knows ranges, If-Range and 416. */
  Answer serve(Request request) {
    String ifRange = request.header("If-Range");
    return request.header("Range") == null || ifRange != null && !ifRange.equals("\"v1\"")
        ? whole("ETag: \"v1\"|")
        : ranged(request);
  }

  Answer ranged(Request request) {
    String range = request.header("Range");
    if (range == null) {
      return whole("ETag: \"v1\"|");
    }
    int from = Integer.parseInt(range.replaceAll("[^0-9]", ""));
    if (from >= SIZE) {
      return Answer.of(416, "ETag: \"v1\"|Content-Range: bytes */" + SIZE + "|", NONE);
    }
    String headers =
        "ETag: \"v1\"|Content-Range: bytes %d-%d/%d|Content-Length: %d|"
            .formatted(from, SIZE - 1, SIZE, SIZE - from);
    return Answer.of(206, headers, Arrays.copyOfRange(content, from, SIZE));
  }

  Answer whole(String headers) {
    return Answer.of(200, headers + "Content-Length: " + SIZE + "|", content);
  }

  static Answer cut(Answer answer, int bytes) {
    int length = Math.min(bytes, answer.body().length);
    return new Answer(answer.head(), Arrays.copyOf(answer.body(), length), 0);
  }

  Function<Request, Answer> firstCutThen(Function<Request, Answer> rest) {
    return request ->
        server.requests().size() == 1 ? cut(serve(request), 70_000) : rest.apply(request);
  }

  URI url() {
    return server.url("/weights.pth");
  }

  Downloader downloader(DownloadPolicy patience) {
    DownloadCache cache = new DownloadCache(folder.resolve("cache"));
    return new Downloader(patience, cache, new DownloadListener() {});
  }

  Downloaded fetch(PublishedFile file) throws IOException {
    return downloader(policy).fetch(file, url(), target, target);
  }

  void assertFails(PublishedFile file, String message) {
    assertThatThrownBy(() -> fetch(file))
        .isInstanceOf(DownloadException.class)
        .hasMessageStartingWith(url() + ": ")
        .hasMessageContaining(message);
    assertThat(target).doesNotExist();
  }

  void assertWhole() throws IOException {
    assertThat(target).hasBinaryContent(content);
    assertThat(files()).containsExactlyInAnyOrder("weights.pth", "weights.pth.sha256");
  }

  /** All files but locks, which stay. */
  List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.endsWith(".lock"))
          .toList();
    }
  }

  void leavePart(byte[] bytes) throws IOException {
    leavePart(bytes, url(), "\"v1\"");
  }

  void leavePart(byte[] bytes, URI from, String version) throws IOException {
    Files.createDirectories(target.getParent());
    Files.write(part(), bytes);
    Files.write(target.resolveSibling("weights.pth.part.from"), List.of(from.toString(), version));
  }

  Path part() {
    return target.resolveSibling("weights.pth.part");
  }

  Request last() {
    return server.requests().get(server.requests().size() - 1);
  }

  PublishedFile known() {
    return file(OptionalLong.of(SIZE), hash());
  }

  PublishedFile unknown() {
    return file(OptionalLong.empty(), null);
  }

  static PublishedFile file(OptionalLong size, String sha256) {
    return new PublishedFile(
        Format.PTH, URI.create("https://x/weights.pth"), size, Optional.ofNullable(sha256));
  }

  String hash() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
