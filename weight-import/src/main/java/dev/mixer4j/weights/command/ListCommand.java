package dev.mixer4j.weights.command;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "list",
    description = {
      "Lists the published checkpoints that 'download' fetches and 'convert' recognises.",
      "A dash stands for a value that no source gives, an ellipsis for the unknown rest of a SHA-256."
    })
final class ListCommand extends Subcommand {

  private static final String ROW = "%-35s  %-11s  %-20s  %-8s  %-8s  %-4s  %-8s  %-10s  %s";

  private static final ImageInput IMAGENET = ImageInput.imageNet(224, 3);

  @Option(names = "--json", description = "A JSON array, for programs, with URLs and sources.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PublishedCheckpoints published = PublishedCheckpoints.load();
    if (json) {
      printJson(Json.text(published.all()));
    } else {
      print(ROW, "NAME", "FORMAT", "CLASSES", "MEAN", "STD", "GELU", "SIZE", "LICENCE", "SHA-256");
      for (PublishedCheckpoint checkpoint : published.all()) {
        rows(checkpoint);
      }
    }
    return Cli.DONE;
  }

  private void rows(PublishedCheckpoint checkpoint) {
    PublishedFile first = checkpoint.files().get(0);
    print(
        ROW,
        checkpoint.name(),
        first.format(),
        checkpoint.classes()
            + " "
            + Objects.requireNonNullElse(checkpoint.classList(), "not trained"),
        shortly(checkpoint.mean()),
        shortly(checkpoint.std()),
        checkpoint.gelu(),
        size(first),
        checkpoint.licence(),
        hash(first));
    for (PublishedFile other : checkpoint.files().subList(1, checkpoint.files().size())) {
      print(ROW, "", other.format(), "", "", "", "", size(other), "", hash(other));
    }
  }

  private static String shortly(List<Float> channels) {
    if (channels.equals(IMAGENET.mean()) || channels.equals(IMAGENET.std())) {
      return "ImageNet";
    }
    boolean gray = channels.stream().distinct().count() == 1;
    return ImageInput.channelsText(gray ? channels.subList(0, 1) : channels);
  }

  private static String size(PublishedFile file) {
    return file.size().isEmpty()
        ? "-"
        : String.format(Locale.ROOT, "%.1f MB", file.size().getAsLong() / 1e6);
  }

  private static String hash(PublishedFile file) {
    return file.sha256().map(digits -> digits.substring(0, 8) + "…").orElse("-");
  }
}
