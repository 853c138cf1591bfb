package dev.mixer4j.weights.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.weights.download.ScriptedServer.Answer;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Of what a server sends only the published file gets its name, and it is fetched once. */
@Timeout(20)
class DownloadedContentTest extends ServedDownload {

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
}
