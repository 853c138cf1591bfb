package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerPreset;
import dev.mixer4j.core.Rgb;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.format.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    description = "Shows what a checkpoint of any readable format holds: geometry and tensors.")
final class InspectCommand implements Callable<Integer> {

  private static final JsonMapper JSON = new JsonMapper();
  private static final int MOST_NAMES = 10;
  private static final int MOST_TEXT = 200;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The checkpoint.")
  private Path file;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      if (json) {
        out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(toJson(checkpoint)));
      } else {
        print(out, checkpoint);
      }
    }
    out.flush();
    return Cli.DONE;
  }

  private void print(PrintWriter out, Checkpoint checkpoint) {
    Summary.print(out, file, checkpoint.config(), checkpoint.transform());
    out.println("  format        " + checkpoint.format());
    Summary.printUse(out, checkpoint);
    checkpoint
        .texts()
        .forEach((name, text) -> out.println("  metadata      " + name + ": " + oneLine(text)));
    checkpoint
        .source()
        .ifPresent(s -> out.println("  made from     " + s.format() + ", SHA-256 " + s.sha256()));
    if (!checkpoint.classNames().isEmpty()) {
      out.println("  class names   " + first(checkpoint.classNames()));
    }
    out.println();
    Map<String, TensorInfo> tensors = checkpoint.tensors();
    Map<String, String> used = checkpoint.used();
    int width = tensors.keySet().stream().mapToInt(String::length).max().orElse(0);
    for (TensorInfo tensor : tensors.values()) {
      out.println(
          String.format(
              "  %-" + width + "s  %-8s  %-18s  %s",
              tensor.name(),
              tensor.dtype(),
              tensor.shape(),
              used.getOrDefault(tensor.name(), "not used")));
    }
  }

  /** ImageNet-21k's names would fill many screens; --json has them all. */
  private static String first(List<String> names) {
    return names.size() <= MOST_NAMES
        ? String.join(", ", names)
        : String.join("; ", names.subList(0, MOST_NAMES)) + "; … (" + names.size() + ")";
  }

  /** A text of the file's as a line that cannot pass for others, nor steer the terminal. */
  private static String oneLine(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= MOST_TEXT ? line : line.substring(0, MOST_TEXT) + "…";
  }

  private ObjectNode toJson(Checkpoint checkpoint) {
    MixerConfig config = checkpoint.config();
    ObjectNode root = JSON.createObjectNode();
    root.put("file", file.toString());
    root.put("format", checkpoint.format().toString());
    root.put("preset", MixerPreset.of(config).map(MixerPreset::toString).orElse(null));
    root.put("parameters", config.parameterCount());
    root.put("image_size", config.imageSize());
    root.put("patch_size", config.patchSize());
    root.put("tokens", config.tokens());
    root.put("hidden_size", config.hiddenSize());
    root.put("blocks", config.blocks());
    root.put("tokens_mlp_size", config.tokensMlpSize());
    root.put("channels_mlp_size", config.channelsMlpSize());
    root.put("classes", config.classes());
    root.put("gelu", config.gelu().toString());
    root.put("layer_norm_epsilon", config.layerNormEpsilon());
    root.set("mean", array(config.mean()));
    root.set("std", array(config.std()));
    root.put("transform", checkpoint.transform().map(ImageTransform::toString).orElse(null));
    ArrayNode names = root.putArray("class_names");
    checkpoint.classNames().forEach(names::add);
    checkpoint
        .source()
        .ifPresent(s -> root.put("source_format", s.format()).put("source_sha256", s.sha256()));
    root.put("taken_from", checkpoint.part());
    root.put("prefix", checkpoint.prefix());
    ArrayNode ignored = root.putArray("not_used");
    checkpoint.ignored().forEach(ignored::add);
    ObjectNode texts = root.putObject("metadata");
    checkpoint.texts().forEach(texts::put);
    Map<String, String> used = checkpoint.used();
    ArrayNode tensors = root.putArray("tensors");
    for (TensorInfo tensor : checkpoint.tensors().values()) {
      ObjectNode node = tensors.addObject();
      node.put("name", tensor.name());
      node.put("dtype", tensor.dtype().toString());
      ArrayNode shape = node.putArray("shape");
      for (long size : tensor.shape().asArray()) {
        shape.add(size);
      }
      node.put("canonical_name", used.get(tensor.name()));
    }
    return root;
  }

  private static ArrayNode array(Rgb rgb) {
    ArrayNode array = JSON.createArrayNode();
    for (float value : rgb.toArray()) {
      array.add(value);
    }
    return array;
  }
}
