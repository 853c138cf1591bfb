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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that breaks off, lies, hangs and sends the client elsewhere. */
@Timeout(20)
class DownloaderTest {

  private static final int SIZE = 300_000;
  private static final byte[] NONE = {};

  @TempDir Path folder;

  private final List<Duration> delays = new ArrayList<>();
  private final byte[] content = new byte[SIZE];
  private ScriptedServer server;
  private Path target;

  private final DownloadPolicy policy =
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

  // A good server, whole or in pieces.

  @Test
  void fetchesAndChecks() throws Exception {
    server.answer(this::serve);
    Downloaded done = fetch(known());
    assertThat(done).isEqualTo(new Downloaded(target.toAbsolutePath(), SIZE, hash(), false));
    assertWhole();
    assertThat(server.requests()).hasSize(1);
    assertThat(server.requests().get(0).header("Range")).isNull();
  }

  @Test
  void goesOnWhereItBrokeOffSeveralTimes() throws Exception {
    server.answer(request -> cut(serve(request), 70_000));
    assertThat(fetch(known()).hash()).isEqualTo(hash());
    assertWhole();
    assertThat(server.requests())
        .extracting(request -> request.header("Range"))
        .containsExactly(null, "bytes=70000-", "bytes=140000-", "bytes=210000-", "bytes=280000-");
    assertThat(server.requests().get(1).header("If-Range")).isEqualTo("\"v1\"");
    assertThat(delays).hasSize(4).allMatch(delay -> delay.toMillis() <= 1000);
  }

  @Test
  void anotherProcessGoesOnWhereTheFirstOneBrokeOff() throws Exception {
    AtomicInteger count = new AtomicInteger();
    server.answer(
        request ->
            count.getAndIncrement() == 0
                ? cut(serve(request), 100_000)
                : Answer.of(503, "Content-Length: 0|", NONE));
    assertFails(known(), "HTTP status 503; gave up after 4 attempts");
    assertThat(part()).hasSize(100_000);

    server.answer(this::serve);
    fetch(known());
    assertWhole();
    assertThat(last().header("Range")).isEqualTo("bytes=100000-");
  }

  @Test
  void aServerThatIgnoresRangesStartsAnew() throws Exception {
    server.answer(firstCutThen(request -> whole("ETag: \"v1\"|")));
    fetch(known());
    assertWhole();
    assertThat(last().header("Range")).isEqualTo("bytes=70000-");
  }

  @Test
  void aChangedFileIsNotMixedWithTheOldOne() throws Exception {
    // The first part is of other bytes, under another ETag; If-Range makes a good server start
    // anew.
    byte[] old = new byte[SIZE];
    server.answer(
        request ->
            server.requests().size() == 1
                ? cut(Answer.of(200, "ETag: \"v0\"|Content-Length: " + SIZE + "|", old), 70_000)
                : serve(request));
    fetch(unknown());
    assertWhole();
    assertThat(last().header("If-Range")).isEqualTo("\"v0\"");
  }

  @Test
  void aServerThatIgnoresIfRangeIsFoundOutByItsETag() throws Exception {
    byte[] old = new byte[SIZE];
    server.answer(
        request ->
            server.requests().size() == 1
                ? cut(Answer.of(200, "ETag: \"v0\"|Content-Length: " + SIZE + "|", old), 70_000)
                : ranged(request));
    fetch(unknown());
    assertWhole();
    assertThat(server.requests())
        .extracting(request -> request.header("Range"))
        .containsExactly(null, "bytes=70000-", null);
  }

  @Test
  void withoutVersionAndHashAPartIsNotGoneOnWith() throws Exception {
    server.answer(request -> cut(whole(""), 70_000));
    assertFails(unknown(), "gave up after");
    server.answer(request -> whole(""));
    fetch(unknown());
    assertWhole();
    assertThat(last().header("Range")).isNull();
  }

  @Test
  void withoutVersionAHashAllowsToGoOn() throws Exception {
    leavePart(Arrays.copyOf(content, 50_000), url(), "");
    server.answer(this::ranged);
    fetch(known());
    assertWhole();
    assertThat(last().header("Range")).isEqualTo("bytes=50000-");
    assertThat(last().header("If-Range")).isNull();
  }

  @Test
  void aPartOfAnotherUrlIsNotGoneOnWith() throws Exception {
    leavePart(new byte[50_000], server.url("/other"), "\"v1\"");
    server.answer(this::serve);
    fetch(known());
    assertWhole();
    assertThat(last().header("Range")).isNull();
  }

  @Test
  void wrongRangesStartAnew() throws Exception {
    server.answer(
        firstCutThen(
            request ->
                request.header("Range") == null
                    ? serve(request)
                    : Answer.of(206, "Content-Range: bytes 0-9/" + SIZE + "|", new byte[10])));
    fetch(known());
    assertWhole();
    assertThat(server.requests()).hasSize(3);
  }

  @Test
  void aPartThatIsWholeNeedsNothing() throws Exception {
    leavePart(content);
    server.answer(this::serve);
    fetch(known());
    assertWhole();
    assertThat(server.requests()).as("its size is published").isEmpty();

    Files.delete(target);
    leavePart(content);
    fetch(unknown());
    assertWhole();
    assertThat(last().header("Range")).as("answered by 416").isEqualTo("bytes=" + SIZE + "-");
  }

  @Test
  void aPartThatIsTooLongStartsAnew() throws Exception {
    leavePart(new byte[SIZE + 1]);
    server.answer(this::serve);
    fetch(unknown());
    assertWhole();
    assertThat(server.requests()).hasSize(2);
  }

  // Redirects.

  @Test
  void followsRedirectsEachTime() throws Exception {
    server.answer(
        request ->
            switch (request.target()) {
              case "/weights.pth" -> Answer.of(302, "Location: /a/b|Content-Length: 0|", NONE);
              case "/a/b" -> Answer.of(307, "Location: " + server.url("/c") + "|", NONE);
              default -> cut(serve(request), 200_000);
            });
    fetch(known());
    assertWhole();
    assertThat(server.requests()).hasSize(6);
  }

  @Test
  void aRedirectLoopEnds() {
    server.answer(request -> Answer.of(301, "Location: /weights.pth|Content-Length: 0|", NONE));
    assertFails(known(), "more than 10 redirects");
    assertThat(server.requests()).hasSize(11);
  }

  @Test
  void redirectsDoNotLeaveProtection() throws Exception {
    URI from = URI.create("https://a.example/x/y");
    assertThat(HttpTransfer.redirected(from, "z?q"))
        .isEqualTo(URI.create("https://a.example/x/z?q"));
    assertThat(HttpTransfer.redirected(from, "//b.example/"))
        .isEqualTo(URI.create("https://b.example/"));
    assertThat(
            HttpTransfer.redirected(URI.create("http://a.example"), "https://a.example/")
                .getScheme())
        .isEqualTo("https");
    for (String location :
        List.of("http://a.example/", "file:///etc/passwd", "", "mailto:x@y", "ht tp:")) {
      assertThatThrownBy(() -> HttpTransfer.redirected(from, location))
          .as(location)
          .isInstanceOf(DownloadException.class);
    }
  }

  // Errors.

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 410})
  void doesNotAskAgainForWhatIsNotThere(int status) {
    server.answer(request -> Answer.of(status, "Content-Length: 9999999|", "no".getBytes()));
    assertFails(known(), "HTTP status " + status);
    assertThat(server.requests()).hasSize(1);
    assertThat(delays).isEmpty();
  }

  @Test
  void asksAgainAfterAnErrorOfTheServer() throws Exception {
    server.answer(
        request ->
            server.requests().size() < 3
                ? Answer.of(500, "Content-Length: 0|", NONE)
                : serve(request));
    fetch(known());
    assertWhole();
    assertThat(delays).hasSize(2);
    assertThat(delays.get(0)).isBetween(Duration.ofMillis(500), Duration.ofMillis(1000));
    assertThat(delays.get(1)).isBetween(Duration.ofMillis(1000), Duration.ofMillis(2000));
  }

  @Test
  void givesUpOnAServerThatStaysBroken() {
    server.answer(request -> Answer.of(500, "Content-Length: 0|", NONE));
    assertFails(known(), "HTTP status 500; gave up after 4 attempts");
    assertThat(server.requests()).hasSize(4);
  }

  @Test
  void givesUpOnAServerThatIsNotThere() throws Exception {
    server.close();
    assertFails(known(), "cannot connect");
    assertThat(delays).hasSize(3);
  }

  @Test
  void waitsAsLongAsTheServerAsks() throws Exception {
    server.answer(
        request ->
            server.requests().size() == 1
                ? Answer.of(429, "Retry-After: 77|Content-Length: 0|", NONE)
                : serve(request));
    fetch(known());
    assertThat(delays).containsExactly(Duration.ofSeconds(77));
  }

  @Test
  void doesNotWaitForever() {
    server.answer(request -> Answer.of(503, "Retry-After: 3600|Content-Length: 0|", NONE));
    assertFails(known(), "asks to come back in 3600 s");
    assertThat(delays).isEmpty();
  }

  @Test
  void aServerThatHangsIsLeftAndAskedAgain() throws Exception {
    server.answer(
        request -> {
          Answer good = serve(request);
          return switch (server.requests().size()) {
            case 1 -> new Answer(good.head(), Arrays.copyOf(good.body(), 70_000), 60_000);
            case 2 -> hang(); // not even a head
            default -> good;
          };
        });
    fetch(known());
    assertWhole();
    assertThat(last().header("Range")).isEqualTo("bytes=70000-");
  }

  /** A byte now and then is no progress. */
  @Test
  void aServerThatDripsIsLeft() {
    server.answer(
        request -> {
          Answer good = serve(request);
          return new Answer(good.head(), Arrays.copyOf(good.body(), 40), 60_000, 50);
        });
    assertFails(known(), "bytes came in 0.4 s; gave up after 4 attempts");
  }

  private static Answer hang() {
    try {
      Thread.sleep(60_000); // longer than this class's timeout
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Answer.of(500, "", NONE);
  }

  // Wrong content.

  @Test
  void wrongBytesNeverGetTheName() {
    content[SIZE / 2]++;
    PublishedFile right = known();
    content[SIZE / 2]--;
    server.answer(this::serve);
    assertFails(right, "other bytes than were published: expected SHA-256 " + right.sha256().get());
    assertThat(part()).doesNotExist();
  }

  @Test
  void withoutAHashAPageOrNothingIsRefused() throws Exception {
    for (String body :
        List.of("", "<!DOCTYPE html><html>Sign in</html>", "x".repeat(SIZE), "PK\3\4")) {
      byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
      server.answer(request -> Answer.of(200, "Content-Length: " + bytes.length + "|", bytes));
      assertFails(unknown(), "expected pth");
      assertThat(files()).isEmpty();
    }
    // What an earlier version left in the cache.
    Files.createDirectories(target.getParent());
    Files.writeString(target, "<html>Sign in</html>");
    server.answer(this::serve);
    fetch(unknown());
    assertWhole();
  }

  @Test
  void aContentLengthThatIsNoSize() {
    server.answer(request -> Answer.of(200, "Content-Length: 1e5|", content));
    assertFails(known(), "the server's answer is not sound HTTP");
  }

  @Test
  void wrongFirstDigitsOfTheHash() {
    server.answer(this::serve);
    assertFails(file(OptionalLong.empty(), "00000000"), "expected SHA-256 00000000…, found ");
  }

  @Test
  void anAnnouncedSizeThatIsWrongEndsItAtOnce() {
    server.answer(request -> Answer.of(200, "Content-Length: " + (SIZE + 1) + "|", NONE));
    assertFails(known(), "expected 300000 bytes, the server has 300001");
    server.answer(request -> Answer.of(200, "Content-Length: 12|", new byte[12]));
    assertFails(known(), "expected 300000 bytes, the server has 12");
    assertThat(server.requests()).hasSize(2);
  }

  @Test
  void tooManyBytesUnannounced() {
    server.answer(request -> Answer.of(200, "", new byte[SIZE + 1]));
    assertFails(known(), "sends more than 300000 bytes");
    server.answer(request -> Answer.of(200, "", new byte[5 * SIZE]));
    assertFails(file(OptionalLong.empty(), hash()), "sends more than 1200000 bytes");
    server.answer(request -> Answer.of(200, "Content-Length: 1200001|", NONE));
    assertFails(unknown(), "at most 1200000 are taken");
  }

  @Test
  void tooFewBytesUnannounced() {
    server.answer(request -> Answer.of(200, "", Arrays.copyOf(content, 1000)));
    assertFails(known(), "ended after 1000 of 300000 bytes");
    assertFails(unknown(), "does not say how long the file is");
  }

  @Test
  void compressedContentIsRefused() {
    server.answer(request -> whole("Content-Encoding: gzip|"));
    assertFails(known(), "Content-Encoding gzip");
  }

  @Test
  void aFullDiskIsFoundBeforehand() {
    DownloadPolicy boundless =
        new DownloadPolicy(
            policy.connectTimeout(),
            policy.idleTimeout(),
            1,
            policy.firstDelay(),
            policy.longestDelay(),
            policy.longestRetryAfter(),
            Long.MAX_VALUE,
            policy.sleeper());
    server.answer(request -> Answer.of(200, "Content-Length: " + (1L << 60) + "|", NONE));
    assertThatThrownBy(() -> downloader(boundless).fetch(unknown(), url(), target, target))
        .hasMessageContaining("needs " + (1L << 60) + " more bytes, the disk has ");
  }

  // The cache.

  @Test
  void theSecondTimeNothingIsFetched() throws Exception {
    server.answer(this::serve);
    for (PublishedFile file : List.of(known(), unknown())) {
      Files.deleteIfExists(target);
      assertThat(fetch(file).fromCache()).isFalse();
      assertThat(fetch(file))
          .returns(true, Downloaded::fromCache)
          .returns(hash(), Downloaded::hash);
    }
    assertThat(server.requests()).hasSize(2);
    assertThat(Files.readString(target.resolveSibling("weights.pth.sha256")))
        .isEqualTo(hash() + "  weights.pth\n");
  }

  @Test
  void aDamagedFileInTheCacheIsFetchedAgain() throws Exception {
    server.answer(this::serve);
    for (PublishedFile file : List.of(known(), unknown())) {
      fetch(file);
      Files.write(target, new byte[SIZE]);
      assertThat(fetch(file).fromCache()).isFalse();
      assertWhole();
    }
  }

  @Test
  void copiesFromTheCacheToAnotherPlace() throws Exception {
    server.answer(this::serve);
    Path elsewhere = folder.resolve("mine.pth");
    downloader(policy).fetch(known(), url(), target, elsewhere);
    assertThat(elsewhere).hasBinaryContent(content);
    assertThat(target).as("not in the cache as well").doesNotExist();

    fetch(known());
    assertThat(downloader(policy).fetch(known(), url(), target, elsewhere).fromCache()).isTrue();
    assertThat(server.requests()).hasSize(2);
    assertThat(files()).containsExactlyInAnyOrder("mine.pth", "weights.pth", "weights.pth.sha256");
  }

  @Test
  void twoAtOnceFetchOnce() throws Exception {
    server.answer(
        request -> {
          Answer good = serve(request);
          return new Answer(good.head(), good.body(), 300);
        });
    DownloadPolicy waiting =
        new DownloadPolicy(
            policy.connectTimeout(),
            Duration.ofSeconds(5),
            1,
            policy.firstDelay(),
            policy.longestDelay(),
            policy.longestRetryAfter(),
            policy.mostBytes(),
            delay -> Thread.sleep(20));
    // Threads of their own: with two processors, Java 25's common pool has one, and both block.
    ExecutorService threads = Executors.newFixedThreadPool(2);
    List<CompletableFuture<Downloaded>> all =
        Stream.generate(
                () ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            return downloader(waiting).fetch(known(), url(), target, target);
                          } catch (IOException e) {
                            throw new IllegalStateException(e);
                          }
                        },
                        threads))
            .limit(2)
            .toList();
    threads.shutdown();
    for (CompletableFuture<Downloaded> one : all) {
      assertThat(one.get().hash()).isEqualTo(hash());
    }
    assertWhole();
    assertThat(server.requests()).hasSize(1);
  }

  // Little pieces.

  @Test
  void proxiesOfTheSystemPropertiesAreUsed() throws Exception {
    server.answer(this::serve);
    System.setProperty("http.proxyHost", "127.0.0.1");
    System.setProperty("http.proxyPort", String.valueOf(url().getPort()));
    try {
      URI far = URI.create("http://weights.invalid/weights.pth");
      downloader(policy).fetch(known(), far, target, target);
      assertThat(last().target()).isEqualTo("http://weights.invalid/weights.pth");
    } finally {
      System.clearProperty("http.proxyHost");
      System.clearProperty("http.proxyPort");
    }
  }

  @Test
  void delaysDoubleUpToABound() {
    assertThat(policy.delay(1, 0)).isEqualTo(Duration.ofSeconds(1));
    assertThat(policy.delay(3, 0)).isEqualTo(Duration.ofSeconds(4));
    assertThat(policy.delay(1000, 0)).isEqualTo(Duration.ofSeconds(8));
    assertThat(policy.delay(1000, 0.999)).isGreaterThanOrEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void retryAfterIsSecondsOrADate() {
    assertThat(HttpTransfer.delay("12")).contains(Duration.ofSeconds(12));
    assertThat(HttpTransfer.delay("Wed, 21 Oct 2015 07:28:00 GMT")).contains(Duration.ZERO);
    assertThat(HttpTransfer.delay("soon")).isEmpty();
    assertThat(HttpTransfer.delay("9".repeat(30))).isEmpty();
  }

  // What a good server does, and the worse ones made of it.

  /** Knows ranges, If-Range and 416. */
  private Answer serve(Request request) {
    String ifRange = request.header("If-Range");
    return request.header("Range") == null || ifRange != null && !ifRange.equals("\"v1\"")
        ? whole("ETag: \"v1\"|")
        : ranged(request);
  }

  private Answer ranged(Request request) {
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

  private Answer whole(String headers) {
    return Answer.of(200, headers + "Content-Length: " + SIZE + "|", content);
  }

  private static Answer cut(Answer answer, int bytes) {
    int length = Math.min(bytes, answer.body().length);
    return new Answer(answer.head(), Arrays.copyOf(answer.body(), length), 0);
  }

  private Function<Request, Answer> firstCutThen(Function<Request, Answer> rest) {
    return request ->
        server.requests().size() == 1 ? cut(serve(request), 70_000) : rest.apply(request);
  }

  private URI url() {
    return server.url("/weights.pth");
  }

  private Downloader downloader(DownloadPolicy patience) {
    DownloadCache cache = new DownloadCache(folder.resolve("cache"));
    return new Downloader(patience, cache, new DownloadListener() {});
  }

  private Downloaded fetch(PublishedFile file) throws IOException {
    return downloader(policy).fetch(file, url(), target, target);
  }

  private void assertFails(PublishedFile file, String message) {
    assertThatThrownBy(() -> fetch(file))
        .isInstanceOf(DownloadException.class)
        .hasMessageStartingWith(url() + ": ")
        .hasMessageContaining(message);
    assertThat(target).doesNotExist();
  }

  private void assertWhole() throws IOException {
    assertThat(target).hasBinaryContent(content);
    assertThat(files()).containsExactlyInAnyOrder("weights.pth", "weights.pth.sha256");
  }

  /** All files but locks, which stay. */
  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.endsWith(".lock"))
          .toList();
    }
  }

  private void leavePart(byte[] bytes) throws IOException {
    leavePart(bytes, url(), "\"v1\"");
  }

  private void leavePart(byte[] bytes, URI from, String version) throws IOException {
    Files.createDirectories(target.getParent());
    Files.write(part(), bytes);
    Files.write(target.resolveSibling("weights.pth.part.from"), List.of(from.toString(), version));
  }

  private Path part() {
    return target.resolveSibling("weights.pth.part");
  }

  private Request last() {
    return server.requests().get(server.requests().size() - 1);
  }

  private PublishedFile known() {
    return file(OptionalLong.of(SIZE), hash());
  }

  private PublishedFile unknown() {
    return file(OptionalLong.empty(), null);
  }

  private static PublishedFile file(OptionalLong size, String sha256) {
    return new PublishedFile(
        Format.PTH, URI.create("https://x/weights.pth"), size, Optional.ofNullable(sha256));
  }

  private String hash() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
