package dev.mixer4j.benchmark;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Who takes part, by options that the commands share, and how their processes are started. */
final class Lineup {

  static final String OURS = "mixer4j";

  /** Ours with XLA: on a processor for what is no matrix product, on a GPU for everything. */
  static final String OURS_WITH_XLA = "mixer4j-xla";

  /** The bound that the network's own matrix products set; it gives nothing to compare. */
  static final String PRODUCTS = "products";

  /** The bound that one large product sets, whose rows are this many. */
  static final String MATMUL = "matmul";

  private static final int ROWS_ON_GPU = 8192;
  private static final int ROWS_ON_CPU = 2048;

  private static final List<String> ON_GPU =
      List.of(OURS_WITH_XLA, "torch", "torch-compile", PRODUCTS, MATMUL);

  /** Those that can be told which precision to compute in. */
  private static final Set<String> ANY_PRECISION =
      Set.of(OURS_WITH_XLA, "torch", "torch-compile", PRODUCTS, MATMUL);

  /** Those that know other networks than Mixers. */
  private static final List<String> ANY_NETWORK = List.of(OURS_WITH_XLA, "torch", "torch-compile");

  private static final Set<String> ON_CPU_ALONE =
      Set.of("onnxruntime", "onnxruntime-java", "djl-pytorch");

  /**
   * On a processor, as the launcher has it; what switches XLA on is the setting in training, the
   * others in inference.
   */
  private static final String XLA_ON_CPU = "--tf_xla_ops_to_cluster=PW,RED,MISC";

  private static final String XLA_ON = "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "For each of them (default: the machine's cores).")
  private Integer threads;

  @Option(
      names = "--reference-python",
      paramLabel = "PATH",
      description =
          "A Python with tools/reference/requirements.txt; without it there are no peers. On a GPU"
              + " PyTorch and NumPy are enough.")
  private Path python;

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      description = "Peers to run, of those that --help names (default: all).")
  private List<String> chosen;

  /**
   * Checks the device's name.
   *
   * @throws ParameterException if it is none
   */
  void checkDevice(String device) {
    try {
      if (Device.parse(device).required()) {
        return;
      }
    } catch (IllegalArgumentException e) {
      // the same message as for auto, which would not say in a table what was measured
    }
    throw usage(
        "--device: expected cpu, gpu or the number of a GPU such as gpu:1, found " + device);
  }

  /**
   * Those that take part beside ours, in the order in which they start.
   *
   * @throws ParameterException if one of those chosen cannot
   */
  List<String> peers(Workload workload) {
    if (chosen == null) {
      if (python == null) {
        return List.of();
      }
      if (!workload.variant().isMixer()) {
        return ANY_NETWORK;
      }
      if (workload.onGpu() || workload.precision() != Precision.FLOAT32) {
        return ON_GPU;
      }
      List<String> all = new ArrayList<>(List.of(OURS_WITH_XLA));
      all.addAll(workload.task().peers);
      all.add(PRODUCTS);
      return all;
    }
    for (String name : chosen) {
      if (!ON_GPU.contains(name) && !workload.task().peers.contains(name)) {
        throw usage("--peers: there is no " + name + " for " + workload.task() + "; see --help");
      }
      if (!workload.variant().isMixer() && !ANY_NETWORK.contains(name)) {
        throw usage("--peers: " + name + " knows Mixers alone here");
      }
      if (python == null && !isJava(name)) {
        throw usage("--peers: " + name + " needs --reference-python");
      }
      if (workload.onGpu() && ON_CPU_ALONE.contains(name)) {
        throw usage("--peers: " + name + " computes on a processor alone here");
      }
      if (workload.precision() != Precision.FLOAT32 && !ANY_PRECISION.contains(name)) {
        throw usage("--peers: " + name + " computes in float32 alone here");
      }
    }
    return chosen;
  }

  ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private static boolean isJava(String name) {
    return name.startsWith(OURS) || name.endsWith("-java") || name.startsWith("djl-");
  }

  /** The rows of the large product's matrices. */
  static int matmulRows(Workload workload) {
    return workload.onGpu() ? ROWS_ON_GPU : ROWS_ON_CPU;
  }

  /** Floating-point operations of a contender's step. */
  static double flops(String name, Workload workload, int batch) {
    return name.equals(MATMUL) ? squareFlops(matmulRows(workload)) : workload.flops(batch);
  }

  static double squareFlops(int rows) {
    return 2 * Math.pow(rows, 3);
  }

  /**
   * Starts a contender, which then prepares its step.
   *
   * @param folder with weights and batch
   * @param batch its own folder is made here for {@link #MATMUL}
   */
  Contender start(String name, Workload workload, Path folder, int batch) throws IOException {
    Files.createDirectories(folder.resolve(Integer.toString(batch)));
    List<String> command = program(isJava(name));
    for (Object argument :
        List.of(
            name,
            workload.task(),
            folder,
            batch,
            workload.imageSize(),
            cores(),
            workload.device(),
            workload.precision())) {
      command.add(argument.toString());
    }
    ProcessBuilder process = new ProcessBuilder(command);
    Map<String, String> environment = process.environment();
    setUp(environment, workload);
    environment.put("TF_XLA_FLAGS", name.equals(OURS_WITH_XLA) ? xlaFlags(workload) : "");
    if (name.equals(OURS_WITH_XLA) && workload.onGpu()) {
      XlaTools.provide(environment, python, folder);
    }
    if (!isJava(name)) {
      withoutOurCuda(environment);
    }
    return new Contender(name, process, folder, Gpu.of(workload.device()));
  }

  /** TensorFlow's version, and PyTorch's, once they have been seen to know the device. */
  String versions(String device, Path folder) throws IOException {
    String versions = version(OURS, device, folder);
    return python == null ? versions : versions + ", " + version("torch", device, folder);
  }

  private String version(String name, String device, Path folder) throws IOException {
    List<String> command = program(isJava(name));
    command.addAll(List.of("versions", device));
    Path log = folder.resolve("versions.log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "3");
    if (!isJava(name)) {
      withoutOurCuda(builder.environment());
    }
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new ContenderException(name, process.exitValue(), Files.readString(log));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return said.strip();
  }

  private List<String> program(boolean java) {
    if (java) {
      return new ArrayList<>(
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
              "-Dai.djl.offline=true",
              "-cp",
              System.getProperty("java.class.path"),
              Peer.class.getName()));
    }
    return new ArrayList<>(
        List.of(
            python.toString(), tools().resolve("reference").resolve("bench_peer.py").toString()));
  }

  private Path tools() {
    String found = System.getenv("MIXER4J_TOOLS");
    if (found == null) {
      throw usage("start it as tools/benchmark");
    }
    return Path.of(found);
  }

  private int cores() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private void setUp(Map<String, String> environment, Workload workload) {
    environment.put("TF_CPP_MIN_LOG_LEVEL", "3");
    environment.put("TF_NUM_INTRAOP_THREADS", Integer.toString(cores()));
    environment.put("OMP_NUM_THREADS", Integer.toString(cores()));
    if (!workload.onGpu()) {
      environment.put("CUDA_VISIBLE_DEVICES", "");
      return;
    }
    environment.put("CUDA_DEVICE_ORDER", "PCI_BUS_ID"); // nvidia-smi's
    environment.put(
        "CUDA_CACHE_MAXSIZE", Long.toString(4L << 30)); // TensorFlow's kernels, compiled once
    // JAX and Keras would take all of the memory at once; Mixer4J and PyTorch do not.
    environment.put("XLA_PYTHON_CLIENT_PREALLOCATE", "false");
    environment.put("TF_FORCE_GPU_ALLOW_GROWTH", "true");
    // For all of NVIDIA's libraries, and so for all contenders alike: float32 means float32.
    environment.remove("NVIDIA_TF32_OVERRIDE");
    if (workload.precision() == Precision.FLOAT32) {
      environment.put("NVIDIA_TF32_OVERRIDE", "0");
    }
  }

  private static String xlaFlags(Workload workload) {
    String on = workload.task() == StepTask.INFERENCE ? XLA_ON : "";
    return workload.onGpu() ? on : (XLA_ON_CPU + " " + on).strip();
  }

  /** The libraries of CUDA that a bundle has for TensorFlow are not PyTorch's. */
  private void withoutOurCuda(Map<String, String> environment) {
    String path = environment.get("LD_LIBRARY_PATH");
    if (path != null) {
      String ours = tools().resolveSibling("cuda").toString();
      String others =
          Arrays.stream(path.split(File.pathSeparator))
              .filter(folder -> !folder.equals(ours))
              .collect(Collectors.joining(File.pathSeparator));
      environment.put("LD_LIBRARY_PATH", others);
      if (others.isEmpty()) {
        environment.remove("LD_LIBRARY_PATH");
      }
    }
  }
}
