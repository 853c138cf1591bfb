package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.data.DatasetFile;
import dev.mixer4j.finetune.data.PublishedDatasets;
import dev.mixer4j.finetune.data.PublishedDatasets.PublishedDataset;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.DownloadProgress;
import dev.mixer4j.weights.command.Hint;
import dev.mixer4j.weights.command.MirrorConverter;
import dev.mixer4j.weights.command.Subcommand;
import dev.mixer4j.weights.download.DownloadCache;
import dev.mixer4j.weights.download.DownloadPolicy;
import dev.mixer4j.weights.download.Downloaded;
import dev.mixer4j.weights.download.Downloader;
import dev.mixer4j.weights.download.Mirror;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
    name = "download",
    description = {
      "Downloads a data set's files and checks their MD5s.",
      "Interrupted downloads are resumed; files that are already there are only checked. Archives"
          + " need not be unpacked.",
      "Proxies: JAVA_OPTS='-Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT'."
    })
final class DownloadCommand extends Subcommand {

  /** The names of the data sets, for the help. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return PublishedDatasets.load().all().stream().map(PublishedDataset::name).iterator();
    }
  }

  private final Supplier<PublishedDatasets> published;
  private final DownloadPolicy policy;
  private final Supplier<DownloadCache> cache;

  @Parameters(
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description = "One of ${COMPLETION-CANDIDATES}.")
  private String name;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "Where to put the files (default: a folder NAME).")
  private Path out;

  @Option(
      names = "--mirror",
      paramLabel = "URL",
      converter = MirrorConverter.class,
      description =
          "Server to use instead of the URLs' own; the path of each URL is appended to this one.")
  private Mirror mirror;

  @Option(names = "--overwrite", description = "Replace other files of the same names.")
  private boolean overwrite;

  DownloadCommand() {
    this(PublishedDatasets::load, DownloadPolicy.DEFAULT, DownloadCache::ofUser);
  }

  /** For tests: with other data sets, retries and cache. */
  DownloadCommand(
      Supplier<PublishedDatasets> published, DownloadPolicy policy, Supplier<DownloadCache> cache) {
    this.published = published;
    this.policy = policy;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException {
    PublishedDataset dataset = published.get().find(name).orElseThrow(this::unknown);
    Path folder = out == null ? Path.of(dataset.name()) : out;
    for (DatasetFile file : dataset.files()) {
      Path target = folder.resolve(file.fileName());
      if (Files.exists(target) && !overwrite && !file.md5().equals(file.hashOf(target))) {
        throw new FileAlreadyExistsException(target.toString());
      }
    }
    for (DatasetFile file : dataset.files()) {
      Downloaded done = fetch(file, folder.resolve(file.fileName()));
      print(
          "%s: %,d bytes, the published MD5%s",
          done.path(), done.size(), done.fromCache() ? ", there already" : "");
    }
    out().println("Use it with " + Hint.line(List.of("--data", folder.toString())));
    return Cli.DONE;
  }

  private Downloaded fetch(DatasetFile file, Path target) throws IOException {
    URI url = mirror == null ? file.url() : mirror.of(file.url());
    try (DownloadProgress progress = new DownloadProgress(err())) {
      return new Downloader(policy, cache.get(), progress).fetch(file, url, target);
    }
  }

  private ParameterException unknown() {
    String names =
        published.get().all().stream()
            .map(PublishedDataset::name)
            .collect(Collectors.joining(", "));
    return usage("no published data set '%s'; there are %s".formatted(name, names));
  }
}
