package dev.mixer4j.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "import",
    description = {
      "Times import-weights convert, the start of its JVM included, from .npz, .pth and .safetensors"
          + " to .h5, with random weights.",
      "With a Python that has torch, safetensors and h5py, the Python way (load with the format's own"
          + " library, transpose, write with h5py) runs in turn with it, and writes the .pth."
    })
final class ImportBenchmark implements Callable<Integer> {

  private static final JsonMapper JSON = new JsonMapper();

  @Spec private CommandSpec spec;

  @Option(
      names = "--variant",
      converter = Variant.Converter.class,
      defaultValue = "B/16",
      description = "A Mixer such as B/16, or any preset (default: ${DEFAULT-VALUE}).")
  private Variant variant;

  @Option(
      names = "--runs",
      defaultValue = "5",
      paramLabel = "N",
      description = "Counted pairs of runs, after one that is not (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--reference-python",
      paramLabel = "PATH",
      description = "A Python with tools/reference/requirements.txt.")
  private Path python;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  /** The counted runs from one format; theirs is null without a Python. */
  private record Row(String format, Timings ours, Timings theirs) {}

  @Override
  public Integer call() throws IOException, InterruptedException {
    String tools = System.getenv("MIXER4J_TOOLS");
    if (tools == null) {
      throw new ParameterException(spec.commandLine(), "start it as tools/benchmark");
    }
    if (runs < 1) {
      throw new ParameterException(spec.commandLine(), "--runs: expected 1 or more, found " + runs);
    }
    Path folder = Files.createTempDirectory("mixer4j-benchmark");
    try {
      List<Row> rows = new ArrayList<>();
      for (Path source : sources(folder)) {
        rows.add(measure(Path.of(tools), source, folder.resolve("out.h5")));
        Files.delete(source);
      }
      print(rows);
    } finally {
      for (Path left : List.of(folder.resolve("out.h5"), folder)) {
        Files.deleteIfExists(left);
      }
    }
    return Cli.DONE;
  }

  private List<Path> sources(Path folder) throws IOException, InterruptedException {
    List<Path> sources = new ArrayList<>();
    Weights weights = new InitialWeights(variant.network(), 1);
    for (TargetFormat format : List.of(TargetFormat.NPZ, TargetFormat.SAFETENSORS)) {
      Path source = folder.resolve("weights." + format);
      CheckpointWriter.write(source, format, weights, ModelInfo.NONE, false, n -> {});
      sources.add(source);
    }
    if (python != null) {
      Path pth = folder.resolve("weights.pth");
      String program =
          "import sys, torch; from safetensors.torch import load_file;"
              + " torch.save(load_file(sys.argv[1]), sys.argv[2])";
      ProcessRun.of(
          List.of(python.toString(), "-c", program, sources.get(1).toString(), pth.toString()));
      sources.add(pth);
    }
    return sources;
  }

  private Row measure(Path tools, Path source, Path target)
      throws IOException, InterruptedException {
    List<String> ours =
        List.of(
            tools.resolve("import-weights").toString(),
            "convert",
            source.toString(),
            "-o",
            target.toString());
    List<String> python =
        List.of(
            String.valueOf(this.python),
            tools.resolve("reference/convert_to_h5.py").toString(),
            source.toString(),
            target.toString());
    List<ProcessRun> our = new ArrayList<>();
    List<ProcessRun> their = new ArrayList<>();
    for (int i = 0; i <= runs; i++) { // the first only warms the file cache
      // Both make a new file: ours would be written beside an old one, which keeps its memory
      // meanwhile.
      Files.deleteIfExists(target);
      ProcessRun run = ProcessRun.of(ours);
      if (i > 0) {
        our.add(run);
      }
      if (this.python != null) {
        Files.delete(target);
        run = ProcessRun.of(python);
        if (i > 0) {
          their.add(run);
        }
      }
    }
    return new Row(
        source.toString().replaceFirst(".*\\.", ""),
        ProcessRun.timings(our),
        their.isEmpty() ? null : ProcessRun.timings(their));
  }

  private void print(List<Row> rows) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    String machine = Machine.describe();
    if (json) {
      ObjectNode root = JSON.createObjectNode().put("variant", variant.toString());
      root.put("machine", machine).put("runs", runs);
      ArrayNode list = root.putArray("formats");
      for (Row row : rows) {
        ObjectNode node = list.addObject().put("format", row.format);
        row.ours.describe(node.putObject("mixer4j"));
        if (row.theirs != null) {
          row.theirs.describe(node.putObject("python"));
          node.put("times_as_fast", row.ours.timesAsFastAs(row.theirs));
        }
      }
      out.println(JSON.writeValueAsString(root));
    } else {
      out.println(variant.title() + " to .h5, median (and range) of " + runs + " runs; " + machine);
      rows.forEach(row -> out.println(line(row)));
    }
    out.flush();
  }

  private static String line(Row row) {
    String ours = "  %-12s Mixer4J %s".formatted(row.format, row.ours.text());
    return row.theirs == null
        ? ours
        : ours
            + String.format(
                Locale.ROOT,
                "   Python %s   %.2f times as fast",
                row.theirs.text(),
                row.ours.timesAsFastAs(row.theirs));
  }
}
