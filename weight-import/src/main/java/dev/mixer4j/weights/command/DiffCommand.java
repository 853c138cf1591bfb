package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.TensorDifference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.tensorflow.ndarray.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "diff",
    description = {
      "Compares two checkpoints, of one format or two, tensor by tensor.",
      "Exit code 0 when every number and setting is the same, 1 when not."
    })
final class DiffCommand implements Callable<Integer> {

  private static final JsonMapper JSON = new JsonMapper();

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "A checkpoint of any readable format.")
  private Path first;

  @Parameters(index = "1", paramLabel = "B", description = "Another one.")
  private Path second;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (Checkpoint a = Checkpoint.open(first);
        Checkpoint b = Checkpoint.open(second)) {
      Map<String, String> settings = settings(a, b);
      List<String> onlyA = missing(a.config(), b.config());
      List<String> onlyB = missing(b.config(), a.config());
      List<TensorDifference> tensors = compare(a, b);
      boolean same =
          settings.isEmpty()
              && onlyA.isEmpty()
              && onlyB.isEmpty()
              && tensors.stream().allMatch(TensorDifference::isNone);
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        printJson(out, same, settings, onlyA, onlyB, tensors);
      } else {
        print(out, same, settings, onlyA, onlyB, tensors);
      }
      out.flush();
      return same ? Cli.DONE : Cli.CHECK_FAILED;
    }
  }

  /** What differs beside the tensors, each as «A's, B's». */
  private static Map<String, String> settings(Checkpoint a, Checkpoint b) {
    Map<String, String> different = new LinkedHashMap<>();
    MixerConfig x = a.config();
    MixerConfig y = b.config();
    note(different, "image size", x.imageSize(), y.imageSize());
    note(different, "patch size", x.patchSize(), y.patchSize());
    note(different, "GELU", x.gelu(), y.gelu());
    note(different, "LayerNorm epsilon", x.layerNormEpsilon(), y.layerNormEpsilon());
    note(different, "mean", x.mean(), y.mean());
    note(different, "std", x.std(), y.std());
    // Where a file does not say, it is taken so.
    note(
        different,
        "transform",
        a.transform().orElse(ImageTransform.TIMM),
        b.transform().orElse(ImageTransform.TIMM));
    note(different, "class names", a.classNames(), b.classNames());
    return different;
  }

  private static void note(Map<String, String> different, String what, Object a, Object b) {
    if (!a.equals(b)) {
      different.put(what, a + " / " + b);
    }
  }

  private static List<String> missing(MixerConfig here, MixerConfig there) {
    List<String> names = new ArrayList<>(here.variables().keySet());
    names.removeAll(there.variables().keySet());
    return names;
  }

  private static List<TensorDifference> compare(Checkpoint a, Checkpoint b) {
    Map<String, Shape> others = b.config().variables();
    Map<String, Shape> shared = new LinkedHashMap<>(a.config().variables());
    shared.keySet().retainAll(others.keySet());
    List<TensorDifference> differences = new ArrayList<>();
    try (Progress progress = Progress.of("Comparing", shared.size(), "tensors", 1)) {
      for (String name : shared.keySet()) {
        differences.add(TensorDifference.of(name, a, b));
        progress.step(1);
      }
    }
    return differences;
  }

  private void print(
      PrintWriter out,
      boolean same,
      Map<String, String> settings,
      List<String> onlyA,
      List<String> onlyB,
      List<TensorDifference> tensors) {
    settings.forEach((what, values) -> out.println("  " + what + ": " + values));
    onlyA.forEach(name -> out.println("  " + name + ": only in " + first));
    onlyB.forEach(name -> out.println("  " + name + ": only in " + second));
    long changed = tensors.stream().filter(t -> !t.isNone()).count();
    for (TensorDifference tensor : tensors) {
      if (!tensor.isNone()) {
        out.println("  " + tensor.describe());
      }
    }
    out.println(
        same
            ? "the same: %d tensors, bit for bit".formatted(tensors.size())
            : changed > 0 || !onlyA.isEmpty() || !onlyB.isEmpty()
                ? "different: %d of %d shared tensors".formatted(changed, tensors.size())
                : "the same %d tensors, bit for bit, in different settings"
                    .formatted(tensors.size()));
  }

  private void printJson(
      PrintWriter out,
      boolean same,
      Map<String, String> settings,
      List<String> onlyA,
      List<String> onlyB,
      List<TensorDifference> tensors)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("a", first.toString()).put("b", second.toString()).put("same", same);
    ObjectNode changed = root.putObject("settings");
    settings.forEach(changed::put);
    onlyA.forEach(root.putArray("only_in_a")::add);
    onlyB.forEach(root.putArray("only_in_b")::add);
    var list = root.putArray("tensors");
    for (TensorDifference tensor : tensors) {
      ObjectNode node = list.addObject().put("name", tensor.name());
      node.put("shape_a", tensor.shapeA().toString()).put("shape_b", tensor.shapeB().toString());
      node.put("elements", tensor.elements()).put("different", tensor.different());
      node.put("max_difference", tensor.maxDifference());
      node.put("max_magnitude", tensor.maxMagnitude());
    }
    out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root));
  }
}
