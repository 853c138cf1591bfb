package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What XLA needs to compile for a GPU and no TensorFlow brings along: NVIDIA's assembler and a file
 * of functions. They are part of CUDA's toolkit, and of the Triton that PyTorch comes with.
 */
final class XlaTools {

  /** Where XLA looks by itself. */
  private static final Path TOOLKIT = Path.of("/usr/local/cuda");

  private static final String FUNCTIONS = "nvvm/libdevice/libdevice.10.bc";

  private XlaTools() {}

  /**
   * Shows XLA those of a Python's Triton, unless there is a toolkit, or the user named one.
   *
   * @param environment of the process that uses XLA
   * @param python may be null
   * @param folder gets a folder of links
   */
  static void provide(Map<String, String> environment, Path python, Path folder)
      throws IOException {
    if (python == null
        || environment.containsKey("XLA_FLAGS")
        || Files.exists(TOOLKIT.resolve(FUNCTIONS))) {
      return;
    }
    Path triton = Path.of(tritonFolder(python));
    Path functions = triton.resolve("lib/libdevice.10.bc");
    if (!Files.exists(functions)) {
      return; // XLA will say what it lacks
    }
    Path toolkit = folder.resolve("toolkit");
    if (!Files.exists(toolkit)) {
      Files.createDirectories(toolkit.resolve(FUNCTIONS).getParent());
      Files.createSymbolicLink(toolkit.resolve(FUNCTIONS), functions);
      Files.createSymbolicLink(toolkit.resolve("bin"), triton.resolve("bin"));
    }
    environment.put("XLA_FLAGS", "--xla_gpu_cuda_data_dir=" + toolkit);
    environment.merge("PATH", toolkit.resolve("bin").toString(), (path, bin) -> path + ":" + bin);
  }

  private static String tritonFolder(Path python) throws IOException {
    String ask =
        "import importlib.util as u; s = u.find_spec('triton');"
            + " print(s.submodule_search_locations[0] if s else '')";
    Process process =
        new ProcessBuilder(python.toString(), "-c", ask)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String found = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return found.strip() + "/backends/nvidia";
  }
}
