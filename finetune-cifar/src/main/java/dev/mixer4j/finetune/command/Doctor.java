package dev.mixer4j.finetune.command;

import static com.sun.jna.Library.OPTION_OPEN_FLAGS;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import dev.mixer4j.core.Device;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Network;
import dev.mixer4j.finetune.session.GpuKernels;
import dev.mixer4j.finetune.session.LoadedLibraries;
import dev.mixer4j.finetune.session.TensorFloat32;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.TensorFlow;

/** Checks everything that TensorFlow needs to compute on an NVIDIA GPU. */
record Doctor(Device device) {

  /** The result of one check. TensorFlow uses no GPU without a needed part. */
  record Finding(String part, boolean ok, boolean needed, String found, String remedy) {

    private static Finding good(String part, String found) {
      return new Finding(part, true, true, found, "");
    }

    private static Finding of(String part, Optional<String> found, boolean needed, String remedy) {
      return found
          .map(text -> good(part, text))
          .orElseGet(() -> new Finding(part, false, needed, "missing", remedy));
    }

    private static Finding bad(String part, String found, String remedy) {
      return new Finding(part, false, true, found, remedy);
    }
  }

  /** A library that TensorFlow opens by this name, with the function that returns its version. */
  private record Library(String name, String remedy, boolean needed, String version) {}

  /** The first driver version for CUDA 12. */
  private static final int DRIVER = 525;

  private static final String TOOLKIT =
      "part of CUDA 12: install it (https://developer.nvidia.com/cuda-toolkit-archive), or use a"
          + " bundle that holds it (tools/gpu-bundle)";

  private static final String CUDNN =
      "part of cuDNN 9 for CUDA 12: install it (https://developer.nvidia.com/cudnn), or use a bundle"
          + " that holds it (tools/gpu-bundle)";

  /** TensorFlow 2.18 registers no GPU if it cannot open one of those that are needed. */
  private static final List<Library> LIBRARIES =
      List.of(
          new Library(
              "libcuda.so.1",
              "install NVIDIA's driver (https://www.nvidia.com/drivers), " + DRIVER + " or newer",
              true,
              "cuDriverGetVersion"),
          new Library("libcudart.so.12", TOOLKIT, true, "cudaRuntimeGetVersion"),
          new Library("libcublas.so.12", TOOLKIT, true, "cublasGetProperty"),
          new Library("libcublasLt.so.12", TOOLKIT, true, "cublasLtGetProperty"),
          new Library("libcufft.so.11", TOOLKIT, true, "cufftGetProperty"),
          new Library("libcusolver.so.11", TOOLKIT, true, "cusolverGetProperty"),
          new Library("libcusparse.so.12", TOOLKIT, true, "cusparseGetProperty"),
          new Library("libcudnn.so.9", CUDNN, true, "cudnnGetVersion"),
          new Library(
              "libcupti.so.12",
              "part of CUDA 12, for TensorFlow's profiler alone",
              false,
              "cuptiGetVersion"));

  /** Rounding in another order of sums stays far below this, a wrong kernel far above. */
  private static final double TOLERANCE = 1e-4;

  private static final Pattern CUDA_FOLDER = Pattern.compile("--xla_gpu_cuda_data_dir=(\\S+)");

  private static final long SMI_SECONDS = 30;

  /** For dlopen, without the flag that shows a library's functions to all others. */
  private static final int LAZY = 1;

  /**
   * Libraries stay open. On an H100 the process aborted in TensorFlow's use of cuDNN 9.5 after
   * cuDNN had been opened for all to see, and closed: it no longer found its own parts.
   */
  private static final List<NativeLibrary> OPEN = new ArrayList<>();

  /**
   * Runs all checks.
   *
   * @param each hears a finding as soon as it is made, for a broken driver may end the process
   * @return the last finding, which decides the exit code
   */
  Finding examine(Consumer<Finding> each) throws IOException {
    List<Finding> findings = new ArrayList<>();
    Consumer<Finding> add = each.andThen(findings::add);
    add.accept(platform());
    gpus(ask("nvidia-smi")).forEach(add);
    for (Library library : LIBRARIES) {
      Optional<String> found = open(library.name(), library.version());
      add.accept(Finding.of(library.name(), found, library.needed(), library.remedy()));
    }
    add.accept(libdevice(System.getenv("XLA_FLAGS")));
    add.accept(tensorFlow());
    boolean incomplete = findings.stream().anyMatch(finding -> finding.needed() && !finding.ok());
    if (isCudaBuild()) {
      add.accept(kernels());
    }
    Finding trial = step(incomplete);
    each.accept(trial);
    return trial;
  }

  private static Finding platform() {
    String found = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    return found.equals("Linux amd64")
        ? Finding.good("platform", found)
        : Finding.bad("platform", found, "TensorFlow uses GPUs on Linux x86-64 only");
  }

  /** The output of the driver's own program, a line for each GPU; empty if it is not installed. */
  private static Optional<String> ask(String program) throws IOException {
    List<String> command =
        List.of(
            program,
            "--query-gpu=index,name,driver_version,compute_cap,memory.total,memory.free",
            "--format=csv,noheader,nounits");
    Path said = Files.createTempFile(program, ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      try {
        // It may hang if the driver does.
        return process.waitFor(SMI_SECONDS, TimeUnit.SECONDS)
            ? Optional.of(Files.readString(said))
            : Optional.of("nothing for " + SMI_SECONDS + " seconds");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException e) { // there is no such program
      return Optional.empty();
    } finally {
      Files.delete(said);
    }
  }

  /** From {@code 0, NVIDIA H100, 550.54, 9.0, 81559, 81009}. */
  static List<Finding> gpus(Optional<String> said) {
    List<Finding> findings = new ArrayList<>();
    for (String line : said.orElse("").lines().toList()) {
      String[] values = line.split(" *, *");
      if (values.length != 6 || !values[0].matches("[0-9]+")) {
        continue;
      }
      String part = "GPU " + values[0];
      String found =
          "%s, compute capability %s, %s of %s MB free, driver %s"
              .formatted(values[1], values[3], values[5], values[4], values[2]);
      findings.add(
          major(values[2]) >= DRIVER
              ? Finding.good(part, found)
              : Finding.bad(part, found, "install driver " + DRIVER + " or newer, for CUDA 12"));
    }
    if (findings.isEmpty()) {
      findings.add(
          Finding.bad(
              "GPU",
              said.map(text -> "none; nvidia-smi says: " + text.strip().replaceAll("\\s+", " "))
                  .orElse("none: there is no nvidia-smi"),
              "check that there is an NVIDIA GPU, that its driver is installed, and that a container"
                  + " may use it (docker run --gpus all)"));
    }
    return findings;
  }

  private static int major(String version) {
    String number = version.replaceAll("\\..*", "");
    return number.matches("[0-9]{1,6}") ? Integer.parseInt(number) : 0;
  }

  /** Looks for the device functions that XLA needs; ptxas is in the same folder of a toolkit. */
  static Finding libdevice(String flags) {
    String file = "nvvm/libdevice/libdevice.10.bc";
    Matcher named = CUDA_FOLDER.matcher(flags == null ? "" : flags);
    List<Path> folders = new ArrayList<>(List.of(Path.of("/usr/local/cuda"), Path.of("")));
    if (named.find()) {
      folders.add(0, Path.of(named.group(1)));
    }
    return Finding.of(
        "libdevice.10.bc",
        folders.stream()
            .map(folder -> folder.resolve(file))
            .filter(Files::isRegularFile)
            .findFirst()
            .map(Path::toString),
        false,
        "needed for --xla, part of CUDA 12; name the folder that has "
            + file
            + " and bin/ptxas with XLA_FLAGS=--xla_gpu_cuda_data_dir=DIR");
  }

  /** Opens a library as TensorFlow does, by its bare name; returns its version and file. */
  private static Optional<String> open(String name, String versionFunction) {
    try {
      NativeLibrary library = NativeLibrary.getInstance(name, Map.of(OPTION_OPEN_FLAGS, LAZY));
      OPEN.add(library);
      return Optional.of(
          version(library, versionFunction)
              + LoadedLibraries.file(name.replaceAll("\\.so.*", ".so"))
                  .map(file -> ", " + file)
                  .orElse(""));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  private static String version(NativeLibrary library, String function) {
    try {
      Function ask = library.getFunction(function);
      IntByReference answer = new IntByReference();
      if (function.endsWith("GetProperty")) { // 0 is major, 1 minor, 2 patch
        StringJoiner version = new StringJoiner(".");
        for (int part = 0; part < 3; part++) {
          ask.invokeInt(new Object[] {part, answer});
          version.add(Integer.toString(answer.getValue()));
        }
        return version.toString();
      }
      if (function.equals("cudnnGetVersion")) {
        long number = ask.invokeLong(new Object[0]);
        return number / 10_000 + "." + number % 10_000 / 100 + "." + number % 100;
      }
      ask.invokeInt(new Object[] {answer});
      int number = answer.getValue();
      return function.equals("cuptiGetVersion")
          ? "API " + number
          : "CUDA " + number / 1000 + "." + number % 1000 / 10;
    } catch (UnsatisfiedLinkError e) { // another library of that name
      return "without " + function;
    }
  }

  private static Finding tensorFlow() {
    String version = TensorFlow.version();
    if (isCudaBuild()) {
      return Finding.good("TensorFlow", version + ", the build for CUDA");
    }
    return Finding.bad(
        "TensorFlow",
        version + ", the build for CPUs",
        "the launchers use the build for CUDA if they see a GPU; MIXER4J_NATIVES=gpu before the"
            + " command forces it");
  }

  private static boolean isCudaBuild() {
    return LoadedLibraries.file(TensorFloat32.LIBRARY)
        .filter(path -> path.contains("-gpu/"))
        .isPresent();
  }

  private static Finding kernels() {
    Set<String> missing = new TreeSet<>();
    for (Network network : DeviceTrial.NETWORKS) {
      missing.addAll(GpuKernels.missing(DeviceTrial.graphOfEverything(network, true)));
      missing.addAll(GpuKernels.missing(DeviceTrial.graphOfEverything(network, false)));
    }
    return missing.isEmpty()
        ? Finding.good("operations", "a GPU has a kernel for each of a training step")
        : new Finding(
            "operations",
            false,
            false,
            "not for GPUs: " + String.join("; ", missing),
            "the CPU computes them, which takes longer; please report this");
  }

  private Finding step(boolean incomplete) throws IOException {
    String part = "training on " + device;
    try {
      device.check();
    } catch (MixerException e) {
      return Finding.bad(
          part,
          "TensorFlow sees no such GPU",
          incomplete ? "install what is MISSING above" : "it says: " + e.getCause().getMessage());
    }
    try {
      DeviceTrial there = DeviceTrial.on(device);
      DeviceTrial here = DeviceTrial.on(Device.CPU);
      double difference = there.difference(here);
      String found =
          String.format(
              Locale.ROOT,
              "loss %.6f after %d steps, on cpu %.6f; largest difference %.1e",
              there.lastLoss(),
              there.loss().length,
              here.lastLoss(),
              difference);
      return difference < TOLERANCE
          ? Finding.good(part, found)
          : Finding.bad(part, found, "the result is wrong: check driver, GPU and memory");
    } catch (RuntimeException e) { // of several classes
      return Finding.bad(part, "the training failed", "it says: " + e.getMessage());
    }
  }
}
