package dev.mixer4j.weights.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.weights.FileHash;
import dev.mixer4j.weights.download.DownloadCache;
import dev.mixer4j.weights.download.DownloadPolicy;
import dev.mixer4j.weights.download.ScriptedServer;
import dev.mixer4j.weights.download.ScriptedServer.Answer;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class DownloadCommandTest {

  private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

  @TempDir Path folder;
  private ScriptedServer server;
  private StringWriter out;
  private StringWriter err;

  @BeforeEach
  void start() throws Exception {
    server = new ScriptedServer();
    server.answer(
        request -> {
          String name = request.target().substring(request.target().lastIndexOf('/') + 1);
          try {
            byte[] bytes = Files.readAllBytes(FIXTURES.resolve(name));
            return Answer.of(200, "Content-Length: " + bytes.length + "|", bytes);
          } catch (IOException e) {
            return Answer.of(404, "Content-Length: 0|", new byte[0]);
          }
        });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void downloadsIntoTheCacheAndChecksAgainTheSecondTime() throws Exception {
    Path cached = folder.resolve("cache/tiny/narrow.pth");
    assertThat(download("tiny", "--mirror", mirror())).isEqualTo(Cli.DONE);
    assertThat(cached).hasSameBinaryContentAs(FIXTURES.resolve("narrow.pth"));
    assertThat(server.requests().get(0).target()).isEqualTo("/prefix/a/b/narrow.pth");
    assertThat(out.toString())
        .contains(cached + ": ", "from          " + mirror(), "the same SHA-256")
        .contains("SHA-256       " + hash("narrow.pth"));

    assertThat(download("TINY")).isEqualTo(Cli.DONE);
    assertThat(out.toString()).contains("from          the cache, checked again");
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void anotherFormatToAnotherPlace() throws Exception {
    Path mine = folder.resolve("mine.safetensors");
    assertThat(
            download(
                "tiny", "--format", "safetensors", "-o", mine.toString(), "--mirror", mirror()))
        .isEqualTo(Cli.DONE);
    assertThat(mine).hasSameBinaryContentAs(FIXTURES.resolve("narrow.safetensors"));
    assertThat(out.toString()).contains("no SHA-256 to check it by");

    assertThat(download("tiny", "-o", mine.toString(), "--mirror", mirror())).isEqualTo(Cli.USAGE);
    assertThat(err.toString()).contains("--overwrite replaces it");
    assertThat(download("tiny", "-o", mine.toString(), "--overwrite", "--mirror", mirror()))
        .isEqualTo(Cli.DONE);
    assertThat(mine).hasSameBinaryContentAs(FIXTURES.resolve("narrow.pth"));
  }

  @Test
  void jsonForPrograms() throws Exception {
    assertThat(download("tiny", "--json", "--mirror", mirror())).isEqualTo(Cli.DONE);
    JsonNode root = new JsonMapper().readTree(out.toString());
    assertThat(root.get("name").asText()).isEqualTo("tiny");
    assertThat(Path.of(root.get("file").asText())).exists();
    assertThat(root.get("size").asLong()).isEqualTo(Files.size(FIXTURES.resolve("narrow.pth")));
    assertThat(root.get("sha256")).isEqualTo(root.get("published_sha256"));
    assertThat(root.get("from_cache").asBoolean()).isFalse();
  }

  @Test
  void wrongBytesAndMissingFilesAreBadInputInOneLine() throws Exception {
    assertThat(download("wrong", "--mirror", mirror())).isEqualTo(Cli.BAD_INPUT);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains("other bytes than were published: expected SHA-256 000000");
    assertThat(folder.resolve("cache/wrong")).doesNotExist();

    assertThat(download("tiny", "--mirror", server.url("/").toString(), "--format", "npz"))
        .isEqualTo(Cli.USAGE);
    assertThat(err.toString()).contains("tiny is not published as npz");
    server.answer(request -> Answer.of(404, "Content-Length: 0|", new byte[0]));
    assertThat(download("tiny", "--mirror", mirror())).isEqualTo(Cli.BAD_INPUT);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains(mirror(), "HTTP status 404: it is not there");
  }

  @Test
  void saysWhyItTriesAgain() throws Exception {
    server.answer(request -> Answer.of(500, "Content-Length: 0|", new byte[0]));
    assertThat(download("tiny", "--mirror", mirror())).isEqualTo(Cli.BAD_INPUT);
    assertThat(err.toString()).contains("HTTP status 500; trying again in ", "gave up after 3");
  }

  @Test
  void wrongUse() {
    assertThat(download("tinny")).isEqualTo(Cli.USAGE);
    assertThat(err.toString()).contains("no published checkpoint 'tinny'");
    for (String mirror :
        List.of("mirror.example", "file:///tmp", "http://x/?q", "https://", "\\")) {
      assertThat(download("tiny", "--mirror", mirror)).as(mirror).isEqualTo(Cli.USAGE);
    }
    assertThat(download("tiny", "-o", folder.resolve("no/file").toString()))
        .isEqualTo(Cli.BAD_INPUT);
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void listsAllOfThem() throws Exception {
    out = new StringWriter();
    int code = Cli.commandLine(new ImportWeights()).setOut(new PrintWriter(out)).execute("list");
    assertThat(code).isEqualTo(Cli.DONE);
    assertThat(out.toString().lines()).hasSize(1 + 40).allMatch(line -> line.length() < 132);
    assertThat(out.toString())
        .contains("Mixer-B_32.sam", "11221 imagenet-21k-p", "239.5 MB", "76587d61…", "Apache-2.0")
        .contains("1000 not trained      ImageNet  ImageNet  erf", "f1407a5c…");

    StringWriter json = new StringWriter();
    Cli.commandLine(new ImportWeights()).setOut(new PrintWriter(json)).execute("list", "--json");
    JsonNode shipped =
        new JsonMapper().readTree(PublishedCheckpoints.class.getResourceAsStream("published.json"));
    JsonNode printed = new JsonMapper().readTree(json.toString());
    assertThat(printed.findValuesAsText("url")).isEqualTo(shipped.findValuesAsText("url"));
    assertThat(printed.findValuesAsText("sha256")).isEqualTo(shipped.findValuesAsText("sha256"));
    assertThat(printed.get(10).get("mean")).hasToString("[0.0,0.0,0.0]");
    assertThat(printed.get(10).get("transform").textValue())
        .isEqualTo("center-crop 0.875 bilinear");
  }

  private String mirror() {
    return server.url("/prefix/").toString();
  }

  private int download(String... options) {
    out = new StringWriter();
    err = new StringWriter();
    DownloadPolicy policy =
        new DownloadPolicy(
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            3,
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            1 << 30,
            delay -> {});
    return Cli.commandLine(
            new DownloadCommand(
                this::published, policy, () -> new DownloadCache(folder.resolve("cache"))))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(options);
  }

  private PublishedCheckpoints published() {
    PublishedFile safetensors = file(Format.SAFETENSORS, "narrow.safetensors", null);
    PublishedFile pth = file(Format.PTH, "narrow.pth", hash("narrow.pth"));
    PublishedFile wrong = file(Format.PTH, "narrow.pth", "000000000000");
    return new PublishedCheckpoints(
        List.of(checkpoint("tiny", pth, safetensors), checkpoint("wrong", wrong)));
  }

  private static PublishedCheckpoint checkpoint(String name, PublishedFile... files) {
    return new PublishedCheckpoint(
        name,
        "a test's own",
        "us",
        24,
        7,
        "imagenet-1k",
        List.of(0f),
        List.of(1f),
        ImageTransform.TIMM,
        Gelu.ERF,
        "MIT",
        List.of(files));
  }

  private static PublishedFile file(Format format, String name, String sha256) {
    return new PublishedFile(
        format,
        URI.create("https://weights.invalid/a/b/" + name),
        OptionalLong.empty(),
        Optional.ofNullable(sha256));
  }

  private static String hash(String name) {
    try {
      return FileHash.sha256(List.of(FIXTURES.resolve(name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
