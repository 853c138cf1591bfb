package dev.mixer4j.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "start",
    sortOptions = false,
    description =
        "Times what a user waits for: a command's help, and the first prediction with random weights,"
            + " each a process from its launcher to its end.")
final class StartBenchmark implements Callable<Integer> {

  private static final JsonMapper JSON = new JsonMapper();

  @Spec private CommandSpec spec;

  @Option(
      names = "--variant",
      converter = Variant.Converter.class,
      defaultValue = "B/16",
      description = "A Mixer such as B/16, or any preset (default: ${DEFAULT-VALUE}).")
  private Variant variant;

  @Option(
      names = "--rounds",
      defaultValue = "7",
      paramLabel = "N",
      description = "Runs of each, in turn, after one that warms up (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    String tools = System.getenv("MIXER4J_TOOLS");
    if (tools == null) {
      throw new ParameterException(spec.commandLine(), "start it as tools/benchmark");
    }
    if (rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds: expected 1 or more");
    }
    Path weights = Files.createTempFile("mixer4j-benchmark", ".h5");
    Path photo = Files.createTempFile("mixer4j-benchmark", ".png");
    try {
      InitialWeights random = new InitialWeights(variant.network(), 1);
      CheckpointWriter.write(weights, TargetFormat.H5, random, ModelInfo.NONE, true, n -> {});
      ImageIO.write(new BufferedImage(500, 375, BufferedImage.TYPE_INT_RGB), "png", photo.toFile());
      Map<String, List<String>> commands = new LinkedHashMap<>();
      for (String command : List.of("import-weights", "finetune-cifar")) {
        commands.put(command + " --help", List.of(tools + "/" + command, "--help"));
      }
      commands.put(
          "finetune-cifar predict, " + variant.title(),
          List.of(tools + "/finetune-cifar", "predict", "--weights", weights + "", photo + ""));
      print(measure(commands));
    } finally {
      Files.delete(weights);
      Files.delete(photo);
    }
    return Cli.DONE;
  }

  private Map<String, Timings> measure(Map<String, List<String>> commands)
      throws IOException, InterruptedException {
    Map<String, List<ProcessRun>> runs = new LinkedHashMap<>();
    for (int round = 0; round <= rounds; round++) {
      for (Map.Entry<String, List<String>> command : commands.entrySet()) {
        ProcessRun run = ProcessRun.of(command.getValue());
        if (round > 0) {
          runs.computeIfAbsent(command.getKey(), name -> new ArrayList<>()).add(run);
        }
      }
    }
    Map<String, Timings> timings = new LinkedHashMap<>();
    runs.forEach((name, all) -> timings.put(name, ProcessRun.timings(all)));
    return timings;
  }

  private void print(Map<String, Timings> timings) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    ObjectNode root = JSON.createObjectNode().put("variant", variant.toString());
    root.put("machine", Machine.describe()).put("rounds", rounds);
    StringBuilder table = new StringBuilder();
    table.append("median (range) of %d runs; %s%n".formatted(rounds, Machine.describe()));
    timings.forEach(
        (name, times) -> {
          times.describe(root.withObject("/commands").putObject(name));
          table.append("  %-37s %s%n".formatted(name, times.text()));
        });
    out.print(json ? JSON.writeValueAsString(root) + System.lineSeparator() : table);
    out.flush();
  }
}
