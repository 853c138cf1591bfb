package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.TensorDifference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "diff",
    description = {
      "Compares two checkpoints, of one format or two, tensor by tensor.",
      "Exit code 0 when every number and setting is the same, 1 when not."
    })
final class DiffCommand extends Subcommand {

  @Parameters(index = "0", paramLabel = "A", description = "A checkpoint of any readable format.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Another one.")
  private Path second;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  /** What differs. The components are the fields of the JSON. */
  private record Report(
      String a,
      String b,
      boolean same,
      Map<String, String> settings,
      List<String> onlyInA,
      List<String> onlyInB,
      List<TensorDifference> tensors) {}

  @Override
  public Integer call() throws IOException {
    try (Checkpoint a = Checkpoint.open(first);
        Checkpoint b = Checkpoint.open(second)) {
      Map<String, String> settings = settings(a, b);
      List<String> onlyA = missing(a.network(), b.network());
      List<String> onlyB = missing(b.network(), a.network());
      List<TensorDifference> tensors = compare(a, b);
      boolean same =
          settings.isEmpty()
              && onlyA.isEmpty()
              && onlyB.isEmpty()
              && tensors.stream().allMatch(TensorDifference::isNone);
      Report report =
          new Report(first.toString(), second.toString(), same, settings, onlyA, onlyB, tensors);
      if (json) {
        printJson(Json.text(report));
      } else {
        print(out(), report);
      }
      return same ? Cli.DONE : Cli.CHECK_FAILED;
    }
  }

  /** What differs beside the tensors, each as "A's / B's". */
  private static Map<String, String> settings(Checkpoint a, Checkpoint b) {
    Map<String, String> different = settings(a);
    Map<String, String> others = settings(b);
    different.entrySet().removeAll(others.entrySet());
    different.keySet().retainAll(others.keySet());
    different.replaceAll((name, value) -> value + " / " + others.get(name));
    return different;
  }

  /** All but the number of classes, which shows in the head's shape. */
  private static Map<String, String> settings(Checkpoint checkpoint) {
    Map<String, String> settings = new LinkedHashMap<>();
    ImageInput input = checkpoint.network().input();
    String height = String.valueOf(input.height());
    boolean square = input.width() == input.height();
    settings.put("image size", square ? height : input.width() + " x " + height);
    NetworkJson.write(checkpoint.network())
        .<ObjectNode>without(List.of("input", "classes"))
        .properties()
        .forEach(each -> settings.put(label(each.getKey()), each.getValue().asText()));
    settings.put("mean", ImageInput.channelsText(input.mean()));
    settings.put("std", ImageInput.channelsText(input.std()));
    settings.put(
        "transform", checkpoint.info().transformOrDefault(checkpoint.network()).toString());
    settings.put("class names", checkpoint.info().classNames().toString());
    return settings;
  }

  private static String label(String setting) {
    return switch (setting) {
      case "gelu" -> "GELU";
      case "layer_norm_epsilon" -> "LayerNorm epsilon";
      default -> setting.replace('_', ' ');
    };
  }

  private static List<String> missing(Network here, Network there) {
    List<String> names = new ArrayList<>(here.shapes().keySet());
    names.removeAll(there.shapes().keySet());
    return names;
  }

  private static List<TensorDifference> compare(Checkpoint a, Checkpoint b) {
    List<String> shared = new ArrayList<>(a.network().shapes().keySet());
    shared.retainAll(b.network().shapes().keySet());
    List<TensorDifference> differences = new ArrayList<>();
    try (Progress progress = Progress.of("Comparing", shared.size(), "tensors", 1)) {
      for (String name : shared) {
        differences.add(TensorDifference.of(name, a, b));
        progress.step(1);
      }
    }
    return differences;
  }

  private static void print(PrintWriter out, Report report) {
    report.settings.forEach((what, values) -> out.println("  " + what + ": " + values));
    report.onlyInA.forEach(name -> out.println("  " + name + ": only in " + report.a));
    report.onlyInB.forEach(name -> out.println("  " + name + ": only in " + report.b));
    List<TensorDifference> changed = report.tensors.stream().filter(t -> !t.isNone()).toList();
    changed.forEach(tensor -> out.println("  " + tensor.describe()));
    boolean others = !report.onlyInA.isEmpty() || !report.onlyInB.isEmpty();
    out.println(
        report.same
            ? "the same: %d tensors, bit for bit".formatted(report.tensors.size())
            : !changed.isEmpty() || others
                ? "different: %d of %d shared tensors"
                    .formatted(changed.size(), report.tensors.size())
                : "the same %d tensors, bit for bit, in different settings"
                    .formatted(report.tensors.size()));
  }
}
