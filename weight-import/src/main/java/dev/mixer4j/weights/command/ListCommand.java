package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.published.PublishedCheckpoint;
import dev.mixer4j.weights.published.PublishedCheckpoints;
import dev.mixer4j.weights.published.PublishedFile;
import java.io.IOException;
import java.io.PrintWriter;
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
      "A dash is for what no source says; an ellipsis, for a SHA-256 of which only the start is known."
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
      JsonMapper mapper = new JsonMapper();
      ArrayNode array = mapper.createArrayNode();
      published.all().forEach(checkpoint -> put(array.addObject(), checkpoint));
      out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(array));
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

  private static String shortly(Rgb rgb) {
    boolean gray = rgb.equals(Rgb.gray(rgb.red()));
    return gray ? String.valueOf(rgb.red()) : rgb.toString();
  }

  private static String size(PublishedFile file) {
    return file.size().isEmpty()
        ? "-"
        : String.format(Locale.ROOT, "%.1f MB", file.size().getAsLong() / 1e6);
  }

  private static String hash(PublishedFile file) {
    return file.sha256().map(digits -> file.hasWholeHash() ? digits : digits + "…").orElse("-");
  }

  private static void put(ObjectNode node, PublishedCheckpoint checkpoint) {
    node.put("name", checkpoint.name());
    node.put("title", checkpoint.title());
    node.put("source", checkpoint.source());
    node.put("image_size", checkpoint.imageSize());
    node.put("classes", checkpoint.classes());
    node.put("class_list", checkpoint.classList());
    ArrayNode mean = node.putArray("mean");
    ArrayNode std = node.putArray("std");
    for (int channel = 0; channel < 3; channel++) {
      mean.add(checkpoint.mean().toArray()[channel]);
      std.add(checkpoint.std().toArray()[channel]);
    }
    node.put("transform", checkpoint.transform().toString());
    node.put("gelu", checkpoint.gelu().toString());
    node.put("licence", checkpoint.licence());
    ArrayNode files = node.putArray("files");
    for (PublishedFile file : checkpoint.files()) {
      ObjectNode entry = files.addObject();
      entry.put("format", file.format().toString());
      entry.put("url", file.url().toString());
      entry.put("file", file.fileName());
      entry.put("size", file.size().isPresent() ? (Long) file.size().getAsLong() : null);
      entry.put("sha256", file.sha256().orElse(null));
    }
  }
}
