package dev.mixer4j.weights.command;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Origin;
import dev.mixer4j.core.Profile;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.network.Networks;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.format.DType;
import dev.mixer4j.weights.format.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "inspect",
    description = "Shows the network and the tensors of a checkpoint of any readable format.")
final class InspectCommand extends Subcommand {

  private static final int MOST_NAMES = 10;
  private static final int MOST_TEXT = 200;

  @Parameters(paramLabel = "FILE", description = "The checkpoint.")
  private Path file;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = out();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      if (json) {
        printJson(Json.text(report(checkpoint)));
      } else {
        print(out, checkpoint);
      }
    }
    return Cli.DONE;
  }

  private void print(PrintWriter out, Checkpoint checkpoint) {
    Summary summary = new Summary(out);
    summary.print(file, new Metadata(checkpoint.network(), checkpoint.info()));
    multiplyAccumulates(checkpoint.network())
        .ifPresent(
            count ->
                out.println(
                    "  computation   %s multiply-accumulates an image"
                        .formatted(Summary.amount(count))));
    out.println("  format        " + checkpoint.format());
    summary.printUse(checkpoint);
    checkpoint
        .texts()
        .forEach((name, text) -> out.println("  metadata      " + name + ": " + shortened(text)));
    checkpoint
        .info()
        .origin()
        .ifPresent(s -> out.println("  made from     " + s.format() + ", SHA-256 " + s.sha256()));
    if (!checkpoint.info().classNames().isEmpty()) {
      out.println("  class names   " + first(checkpoint.info().classNames()));
    }
    out.println();
    Map<String, TensorInfo> tensors = checkpoint.tensors();
    Map<String, String> used = checkpoint.used();
    int width = tensors.keySet().stream().mapToInt(String::length).max().orElse(0);
    String row = "  %-" + width + "s  %-8s  %-18s  %s";
    for (TensorInfo tensor : tensors.values()) {
      String use = used.getOrDefault(tensor.name(), "not used");
      print(row, tensor.name(), tensor.dtype(), tensor.shape(), use);
    }
  }

  /** Counted from the graph; empty where TensorFlow, which nothing else here needs, is missing. */
  private static Optional<Long> multiplyAccumulates(Network network) {
    try {
      return Optional.of(Profile.of(network).multiplyAccumulates());
    } catch (LinkageError e) {
      return Optional.empty();
    }
  }

  /** ImageNet-21k's names would fill many screens; --json has them all. */
  private static String first(List<String> names) {
    return names.size() <= MOST_NAMES
        ? String.join(", ", names)
        : String.join("; ", names.subList(0, MOST_NAMES)) + "; … (" + names.size() + ")";
  }

  private static String shortened(String text) {
    return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT) + "…";
  }

  /** The components are the fields of the JSON. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  private record Report(
      String file,
      String format,
      String preset,
      long parameters,
      Long multiplyAccumulates,
      ObjectNode network,
      String transform,
      List<String> classNames,
      @JsonInclude(JsonInclude.Include.NON_NULL) String sourceFormat,
      @JsonInclude(JsonInclude.Include.NON_NULL) String sourceSha256,
      String takenFrom,
      String prefix,
      List<String> notUsed,
      Map<String, String> metadata,
      List<Row> tensors) {}

  private record Row(String name, DType dtype, long[] shape, String canonicalName) {}

  private Report report(Checkpoint checkpoint) {
    Network network = checkpoint.network();
    ModelInfo info = checkpoint.info();
    Map<String, String> used = checkpoint.used();
    return new Report(
        file.toString(),
        checkpoint.format().toString(),
        Networks.presetOf(network).orElse(null),
        network.parameterCount(),
        multiplyAccumulates(network).orElse(null),
        NetworkJson.write(network),
        info.transform().map(ImageTransform::toString).orElse(null),
        info.classNames(),
        info.origin().map(Origin::format).orElse(null),
        info.origin().map(Origin::sha256).orElse(null),
        checkpoint.part(),
        checkpoint.prefix(),
        checkpoint.ignored(),
        checkpoint.texts(),
        checkpoint.tensors().values().stream()
            .map(t -> new Row(t.name(), t.dtype(), t.shape().asArray(), used.get(t.name())))
            .toList());
  }
}
