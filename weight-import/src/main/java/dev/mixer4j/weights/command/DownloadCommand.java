package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.weights.download.DownloadCache;
import dev.mixer4j.weights.download.DownloadPolicy;
import dev.mixer4j.weights.download.Downloaded;
import dev.mixer4j.weights.download.Downloader;
import dev.mixer4j.weights.download.Mirror;
import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import dev.mixer4j.weights.write.CheckpointWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "download",
    description = {
      "Downloads a published checkpoint and checks its size and SHA-256, as far as they are known.",
      "An interrupted download resumes where it stopped. The file goes to the user's cache folder,"
          + " or MIXER4J_CACHE; if it is there already, it is checked again and not fetched.",
      "Proxies: JAVA_OPTS='-Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT'."
    })
final class DownloadCommand extends Subcommand {

  private final Supplier<PublishedCheckpoints> published;
  private final DownloadPolicy policy;
  private final Supplier<DownloadCache> cache;

  @Parameters(paramLabel = "NAME", description = "A name that 'import-weights list' shows.")
  private String name;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "One of the formats that the list shows, unless the first.")
  private Format format;

  @Option(
      names = "--mirror",
      paramLabel = "URL",
      converter = MirrorConverter.class,
      description =
          "Takes the place of the URL's scheme and host; the path stays, after URL's own.")
  private Mirror mirror;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Where to put the file, unless in the cache.")
  private Path output;

  @Option(names = "--overwrite", description = "Replace FILE if it is there.")
  private boolean overwrite;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  DownloadCommand() {
    this(PublishedCheckpoints::load, DownloadPolicy.DEFAULT, DownloadCache::ofUser);
  }

  DownloadCommand(
      Supplier<PublishedCheckpoints> published,
      DownloadPolicy policy,
      Supplier<DownloadCache> cache) {
    this.published = published;
    this.policy = policy;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException {
    PublishedCheckpoint checkpoint =
        published
            .get()
            .find(name)
            .orElseThrow(() -> usage("no published checkpoint '" + name + "'; 'list' shows all"));
    PublishedFile file =
        checkpoint.files().stream()
            .filter(f -> format == null || f.format() == format)
            .findFirst()
            .orElseThrow(() -> usage(checkpoint.name() + " is not published as " + format));
    DownloadCache folder = cache.get();
    Path cached = folder.path(checkpoint.name(), file.fileName());
    if (output != null) {
      CheckpointWriter.checkTarget(output, overwrite);
    }
    URI url = mirror == null ? file.url() : mirror.of(file.url());
    Path target = output == null ? cached : output;
    Downloaded done;
    try (DownloadProgress progress = new DownloadProgress(err())) {
      done = new Downloader(policy, folder, progress).fetch(file, url, cached, target);
    }
    print(checkpoint, file, url, done);
    return Cli.DONE;
  }

  private void print(PublishedCheckpoint checkpoint, PublishedFile file, URI url, Downloaded done) {
    PrintWriter out = out();
    if (json) {
      ObjectNode root = JsonNodeFactory.instance.objectNode();
      root.put("name", checkpoint.name());
      root.put("file", done.path().toString());
      root.put("format", file.format().toString());
      root.put("size", done.size());
      root.put("sha256", done.hash());
      root.put("published_sha256", file.sha256().orElse(null));
      root.put("url", url.toString());
      root.put("from_cache", done.fromCache());
      printJson(Json.text(root));
    } else {
      print("%s: %,d bytes, %s", done.path(), done.size(), checkpoint.title());
      out.println("  from          " + (done.fromCache() ? "the cache, checked again" : url));
      out.println("  SHA-256       " + done.hash());
      out.println("  published     " + publishedHash(file));
    }
  }

  private static String publishedHash(PublishedFile file) {
    if (file.sha256().isEmpty()) {
      return "no SHA-256 to check it by; keep the one above to check other copies";
    }
    return file.hasWholeHash()
        ? "the same SHA-256"
        : "only the SHA-256's first digits, " + file.sha256().get() + ", which are the same";
  }
}
