package dev.mixer4j.finetune.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.DatasetFile;
import dev.mixer4j.finetune.data.PublishedDatasets;
import dev.mixer4j.finetune.data.PublishedDatasets.PublishedDataset;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.download.DownloadCache;
import dev.mixer4j.weights.download.DownloadPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a server that sends a part and breaks off. */
@Timeout(60)
class DownloadCommandTest {

  private static final int PART = 70_000;

  @TempDir Path dir;

  private final byte[] content = new byte[200_000];
  private final List<String> requests = new ArrayList<>();
  private HttpServer server;
  private int status = 200;
  private StringWriter out;
  private StringWriter err;

  @BeforeEach
  void start() throws IOException {
    new Random(1).nextBytes(content);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(exchange.getRequestURI() + " " + range);
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
    exchange.getResponseHeaders().set("ETag", "\"v1\"");
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    int code = status == 200 && range != null ? 206 : status;
    exchange.sendResponseHeaders(code, status == 200 ? content.length - from : -1);
    if (status == 200) {
      int end = Math.min(from + PART, content.length);
      exchange.getResponseBody().write(content, from, end - from);
      exchange.getResponseBody().flush();
    }
    exchange.close();
  }

  private int download(String... args) {
    DownloadPolicy policy =
        new DownloadPolicy(
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            3,
            Duration.ofMillis(1),
            Duration.ofMillis(2),
            Duration.ofSeconds(1),
            1 << 20,
            delay -> {});
    String md5 = md5();
    PublishedDatasets published =
        new PublishedDatasets(
            List.of(
                new PublishedDataset(
                    "small", "small", List.of(file("a.gz", md5), file("b.gz", md5))),
                new PublishedDataset("wrong", "wrong", List.of(file("c.gz", "0".repeat(32))))));
    DownloadCommand command =
        new DownloadCommand(() -> published, policy, () -> new DownloadCache(dir.resolve("cache")));
    out = new StringWriter();
    err = new StringWriter();
    return Cli.commandLine(command)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private String md5() {
    try {
      byte[] digest = MessageDigest.getInstance("MD5").digest(content);
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static DatasetFile file(String name, String md5) {
    return new DatasetFile(URI.create("https://nowhere.example/sets/" + name), md5);
  }

  private String mirror() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/copy";
  }

  @Test
  void goesOnWhereItBrokeOffAndChecksTheHash() {
    Path to = dir.resolve("to");
    assertThat(download("Small", "--to", to.toString(), "--mirror", mirror())).isZero();
    assertThat(to.resolve("a.gz")).hasBinaryContent(content);
    assertThat(to.resolve("b.gz")).hasBinaryContent(content);
    assertThat(to.toFile().list()).containsExactlyInAnyOrder("a.gz", "b.gz");
    assertThat(requests.subList(0, 3))
        .containsExactly(
            "/copy/sets/a.gz null",
            "/copy/sets/a.gz bytes=70000-",
            "/copy/sets/a.gz bytes=140000-");
    assertThat(out.toString())
        .contains(to.resolve("a.gz") + ": 200,000 bytes, the published MD5")
        .endsWith("Use it with --data " + to + System.lineSeparator());
    assertThat(err.toString()).contains("trying again in");
  }

  @Test
  void whatIsThereIsCheckedAndKept() throws IOException {
    Path to = Files.createDirectory(dir.resolve("to"));
    Files.write(to.resolve("a.gz"), content);
    Files.write(to.resolve("b.gz"), content);
    assertThat(download("small", "--to", to.toString())).isZero();
    assertThat(requests).isEmpty();
    assertThat(out.toString()).contains("the published MD5, there already");

    Files.write(to.resolve("b.gz"), Arrays.copyOf(content, 9));
    assertThat(download("small", "--to", to.toString(), "--mirror", mirror())).isEqualTo(2);
    assertThat(err.toString()).contains("b.gz: it is there already; --overwrite replaces it");
    assertThat(requests).isEmpty();
    assertThat(download("small", "--overwrite", "--to", to.toString(), "--mirror", mirror()))
        .isZero();
    assertThat(to.resolve("b.gz")).hasBinaryContent(content);
  }

  @Test
  void otherBytesNeverGetTheName() {
    Path to = dir.resolve("to");
    assertThat(download("wrong", "--to", to.toString(), "--mirror", mirror())).isEqualTo(3);
    assertThat(err.toString())
        .contains("other bytes than were published: expected MD5 00000000", "they are deleted");
    assertThat(to).doesNotExist();
  }

  @Test
  void missingFilesAndUnknownNames() {
    status = 404;
    assertThat(download("small", "--to", dir.toString(), "--mirror", mirror())).isEqualTo(3);
    assertThat(err.toString()).contains("a.gz: HTTP status 404: it is not there");
    assertThat(download("imagenet")).isEqualTo(2);
    assertThat(err.toString()).contains("no published data set 'imagenet'; there are small, wrong");
    assertThat(download("small", "--mirror", "ftp://x")).isEqualTo(2);
  }

  @Test
  void theHelpNamesThem() {
    assertThat(Fixtures.run("download", "--help").out().replaceAll("\\s+", " "))
        .contains(
            "One of cifar10, cifar10-python, cifar100, cifar100-python, mnist, fashion-mnist.");
  }
}
