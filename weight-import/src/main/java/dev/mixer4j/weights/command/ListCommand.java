package dev.mixer4j.weights.command;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "list",
    description = {
      "Lists the published checkpoints that 'download' fetches and 'convert' recognises.",
      "A dash stands for a value that no source gives, an ellipsis for the unknown rest of a SHA-256."
    })
final class ListCommand implements Callable<Integer> {

  private static final String ROW = "%-34s  %-11s  %-20s  %-4s  %-3s  %-4s  %-8s  %-10s  %s";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "A JSON array, for programs, with URLs and sources.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    PublishedCheckpoints published = PublishedCheckpoints.load();
    if (json) {
      out.println(Json.text(published.all().stream().map(Row::of).toList()));
    } else {
      row(out, "NAME", "FORMAT", "CLASSES", "MEAN", "STD", "GELU", "SIZE", "LICENCE", "SHA-256");
      for (PublishedCheckpoint checkpoint : published.all()) {
        rows(out, checkpoint);
      }
    }
    out.flush();
    return Cli.DONE;
  }

  private static void rows(PrintWriter out, PublishedCheckpoint checkpoint) {
    PublishedFile first = checkpoint.files().get(0);
    row(
        out,
        checkpoint.name(),
        first.format(),
        checkpoint.classes() + " " + checkpoint.classList(),
        shortly(checkpoint.mean()),
        shortly(checkpoint.std()),
        checkpoint.gelu(),
        size(first),
        checkpoint.licence(),
        hash(first));
    for (PublishedFile other : checkpoint.files().subList(1, checkpoint.files().size())) {
      row(out, "", other.format(), "", "", "", "", size(other), "", hash(other));
    }
  }

  private static void row(PrintWriter out, Object... cells) {
    out.println(String.format(Locale.ROOT, ROW, cells));
  }

  private static String shortly(List<Float> channels) {
    boolean gray = channels.stream().distinct().count() == 1;
    return ImageInput.channelsText(gray ? channels.subList(0, 1) : channels);
  }

  private static String size(PublishedFile file) {
    return file.size().isEmpty()
        ? "-"
        : String.format(Locale.ROOT, "%.1f MB", file.size().getAsLong() / 1e6);
  }

  private static String hash(PublishedFile file) {
    return file.sha256().map(digits -> file.hasWholeHash() ? digits : digits + "…").orElse("-");
  }

  /** The published checkpoint as JSON has it: enumerations and URLs as texts, unknown as null. */
  private record Row(
      String name,
      String title,
      String source,
      int imageSize,
      int classes,
      String classList,
      List<Float> mean,
      List<Float> std,
      String transform,
      String gelu,
      String licence,
      List<FileRow> files) {

    static Row of(PublishedCheckpoint of) {
      return new Row(
          of.name(),
          of.title(),
          of.source(),
          of.imageSize(),
          of.classes(),
          of.classList(),
          of.mean(),
          of.std(),
          of.transform().toString(),
          of.gelu().toString(),
          of.licence(),
          of.files().stream().map(FileRow::of).toList());
    }
  }

  private record FileRow(String format, String url, String file, Long size, String sha256) {
    static FileRow of(PublishedFile of) {
      return new FileRow(
          of.format().toString(),
          of.url().toString(),
          of.fileName(),
          of.size().isPresent() ? (Long) of.size().getAsLong() : null,
          of.sha256().orElse(null));
    }
  }
}
