package dev.mixer4j.weights.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.download.ScriptedServer.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a server that breaks off, lies, hangs and sends the client elsewhere. */
@Timeout(20)
class DownloaderTest extends ServedDownload {

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
    assertThat(delays).hasSize(1);
    assertFails(known(), server.url("/").toString());
    assertFails(known(), "--mirror takes it from another server");
    assertFails(known(), "place it at " + target + " and repeat the command");
    assertThat(target.getParent()).doesNotExist();
    assertThat(folder.resolve("cache/locks")).exists(); // see TargetLock
  }

  @Test
  void keepsFoldersThatWereThere() throws Exception {
    server.close();
    Files.createDirectories(target.getParent());
    assertFails(known(), "cannot connect");
    assertThat(target.getParent()).isEmptyDirectory();
  }

  @Test
  void takesAFileThatWasPlacedByHand() throws Exception {
    server.close();
    Files.createDirectories(target.getParent());
    Files.write(target, content);
    assertThat(fetch(known()).fromCache()).isTrue();
    assertThat(target).hasBinaryContent(content);
  }

  /** Which has been reached once, so that trying longer may help. */
  @Test
  void keepsTryingAServerThatIsGoneForAWhile() throws Exception {
    server.answer(
        request -> {
          try {
            server.close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          return Answer.of(500, "Content-Length: 0|", NONE);
        });
    assertFails(known(), "gave up after 4 attempts");
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
}
