package dev.mixer4j.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerPreset;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.CheckpointWriter;
import dev.mixer4j.weights.Source;
import dev.mixer4j.weights.TargetFormat;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Progress;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.tensorflow.ndarray.Shape;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Times steps of Mixer4J and of its peers, which take turns in each round. */
abstract class StepBenchmark implements Callable<Integer> {

  private static final JsonMapper JSON = new JsonMapper();

  /** For threads that spin after a turn to fall asleep. */
  private static final long PAUSE_MILLIS = 300;

  /** Relative to the largest output: far above rounding, far below a mistake. */
  private static final double TOLERANCE = 1e-4;

  private static final String OURS = "mixer4j";

  /** Ours with XLA for what is no matrix product, which takes nothing but the environment. */
  private static final String OURS_WITH_XLA = "mixer4j-xla";

  /**
   * As the launcher has it; what switches XLA on is the setting in training, these in inference.
   */
  private static final String XLA = "--tf_xla_ops_to_cluster=PW,RED,MISC";

  private static final String XLA_ON = " --tf_xla_auto_jit=2 --tf_xla_cpu_global_jit";

  /** The bound that the machine's own matrix products set; it gives nothing to compare. */
  private static final String BOUND = "products";

  @Spec private CommandSpec spec;

  @Option(
      names = "--variant",
      defaultValue = "B/16",
      description = "A preset: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private MixerPreset variant;

  @Option(
      names = "--batch",
      defaultValue = "8",
      paramLabel = "N",
      description = "Images in a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      paramLabel = "N",
      description = "Height and width of the network's images (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      paramLabel = "N",
      description = "Turns of each, of a second or one step (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "For each of them (default: the machine's cores).")
  private Integer threads;

  @Option(
      names = "--reference-python",
      paramLabel = "PATH",
      description =
          "A Python with tools/reference/requirements.txt; without it there are no peers.")
  private Path python;

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Peers to run, of those that --help names (default: all).")
  private List<String> chosen;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  private Path tools;

  /** What is timed, which is also what the command is called. */
  abstract String task();

  /** Peers in Python, and then those that need what these leave. */
  abstract List<String> peers();

  /** Classes of the head. */
  abstract int classes();

  /** Writes what the contenders read beside the weights. */
  abstract void writeInputs(Path folder, int images, int imageSize) throws IOException;

  @Override
  public Integer call() throws Exception {
    String found = System.getenv("MIXER4J_TOOLS");
    if (found == null) {
      throw new ParameterException(spec.commandLine(), "start it as tools/benchmark");
    }
    for (int value : new int[] {batch, size, rounds}) {
      if (value < 1) {
        throw new ParameterException(
            spec.commandLine(), "expected numbers above 0, found " + value);
      }
    }
    tools = Path.of(found);
    Path folder = Files.createTempDirectory("mixer4j-benchmark");
    try {
      write(folder);
      return print(measure(folder), folder);
    } finally {
      delete(folder);
    }
  }

  private void write(Path folder) throws IOException {
    MixerWeights weights = new RandomHead(variant.config(size, classes()).withGelu(Gelu.ERF));
    for (TargetFormat format : List.of(TargetFormat.NPZ, TargetFormat.H5)) {
      Path file = folder.resolve("weights." + format);
      CheckpointWriter.write(file, format, weights, new Source("none", ""), false, n -> {});
    }
    writeInputs(folder, batch, size);
  }

  /** The initial weights, with a head that is not zero, so that there are logits to compare. */
  private record RandomHead(MixerConfig config) implements MixerWeights {
    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      if (!name.equals("head/kernel")) {
        new InitialWeights(config, 1).read(name, destination);
        return;
      }
      Random random = new Random(1);
      Shape shape = config.variables().get(name);
      double std = 1 / Math.sqrt(shape.get(0));
      for (long n = shape.size(); n > 0; n--) {
        destination.put((float) (std * random.nextGaussian()));
      }
    }

    @Override
    public void close() {}
  }

  private Map<String, Timings> measure(Path folder) throws Exception {
    List<String> names = new ArrayList<>(List.of(OURS));
    if (chosen != null) {
      names.addAll(chosen);
    } else if (python != null) {
      names.add(OURS_WITH_XLA);
      names.addAll(peers());
      names.add(BOUND);
    }
    List<Contender> contenders = new ArrayList<>();
    Map<String, Timings> timings = new LinkedHashMap<>();
    try (Progress progress =
        Progress.of("Timing", (long) names.size() * (rounds + 3), "turns", 1)) {
      for (String name : names) {
        double before = Machine.availableMegabytes();
        contenders.add(start(name, folder));
        double left = Machine.availableMegabytes();
        // The next one may take as much, and a machine that swaps measures nothing.
        if (contenders.size() < names.size() && left < before - left) {
          throw new MixerException(
              "after %s %.0f MB of memory are left; choose fewer peers (--peers) or a smaller --batch"
                  .formatted(name, left));
        }
        progress.step(3);
      }
      for (int round = 0; round < rounds; round++) {
        for (Contender contender : contenders) {
          Thread.sleep(PAUSE_MILLIS);
          contender.turn();
          progress.step(1);
        }
      }
      for (Contender contender : contenders) {
        timings.put(contender.name(), contender.end());
      }
    } finally {
      contenders.forEach(Contender::close);
    }
    return timings;
  }

  private Contender start(String name, Path folder) throws IOException {
    int cores = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    List<String> command = new ArrayList<>();
    boolean java = name.startsWith(OURS) || name.endsWith("-java") || name.startsWith("djl-");
    if (java) {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
              "-Dai.djl.offline=true",
              "-cp",
              System.getProperty("java.class.path"),
              Peer.class.getName()));
    } else {
      command.add(python.toString());
      command.add(tools.resolve("reference" + File.separator + "bench_peer.py").toString());
    }
    for (Object argument : List.of(name, task(), folder, batch, size, cores)) {
      command.add(argument.toString());
    }
    Map<String, String> environment =
        Map.of(
            "TF_CPP_MIN_LOG_LEVEL",
            "3",
            "TF_XLA_FLAGS",
            name.equals(OURS_WITH_XLA) ? XLA + (task().equals("inference") ? XLA_ON : "") : "",
            "TF_NUM_INTRAOP_THREADS",
            Integer.toString(cores),
            "OMP_NUM_THREADS",
            Integer.toString(cores));
    return new Contender(name, command, environment, folder);
  }

  private int print(Map<String, Timings> timings, Path folder) throws IOException {
    Timings ours = timings.get(OURS);
    float[] outputs = Contender.outputs(folder, OURS);
    PrintWriter out = spec.commandLine().getOut();
    ObjectNode root = JSON.createObjectNode().put("task", task());
    root.put("variant", variant.toString()).put("batch", batch).put("image_size", size);
    root.put("machine", Machine.describe()).put("rounds", rounds);
    root.put("images_per_second", batch / ours.median());
    ours.describe(root);
    ArrayNode list = root.putArray("peers");
    boolean equal = true;
    StringBuilder table = new StringBuilder();
    table.append(
        "%s, Mixer-%s at %d, batch %d, float32: a step, median (range) of %d turns; %s%n"
            .formatted(task(), variant, size, batch, rounds, Machine.describe()));
    for (Map.Entry<String, Timings> entry : timings.entrySet()) {
      Timings theirs = entry.getValue();
      double ratio = ours.timesAsFastAs(theirs);
      String text =
          String.format(
              Locale.ROOT,
              "%-17s %7.2f images/s  %s",
              entry.getKey(),
              batch / theirs.median(),
              theirs.text());
      if (!entry.getKey().equals(OURS)) {
        ObjectNode node = list.addObject().put("name", entry.getKey());
        node.put("images_per_second", batch / theirs.median());
        theirs.describe(node);
        node.put("mixer4j_times_as_fast", ratio);
        text += String.format(Locale.ROOT, "  Mixer4J is %.2f times as fast", ratio);
        if (!entry.getKey().equals(BOUND)) {
          double difference = difference(outputs, Contender.outputs(folder, entry.getKey()));
          node.put("difference", difference);
          if (!(difference < TOLERANCE)) {
            equal = false;
            text += String.format(Locale.ROOT, ", BUT ITS OUTPUTS DIFFER by %.1e", difference);
          }
        }
      }
      table.append("  ").append(text).append(System.lineSeparator());
    }
    out.print(json ? JSON.writeValueAsString(root) + System.lineSeparator() : table);
    out.flush();
    return equal ? Cli.DONE : Cli.CHECK_FAILED;
  }

  /** The largest difference, as a share of the largest value. */
  private static double difference(float[] a, float[] b) {
    if (a.length != b.length) {
      return Double.NaN;
    }
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i]));
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
    }
    return difference / largest;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path path : found.sorted(Comparator.reverseOrder()).toList()) { // folders last
        Files.delete(path);
      }
    }
  }
}
