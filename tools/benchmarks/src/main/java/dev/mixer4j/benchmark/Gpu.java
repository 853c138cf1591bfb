package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What NVIDIA's own program, {@code nvidia-smi}, tells of a GPU. */
final class Gpu {

  private final String id;

  private Gpu(String id) {
    this.id = id;
  }

  /**
   * Finds the one that a process knows by a device's name.
   *
   * @param device {@code gpu}, {@code gpu:1}; any other is none, of which nothing is told
   */
  static Gpu of(String device) {
    if (!device.startsWith("gpu")) {
      return new Gpu(null);
    }
    String number = device.equals("gpu") ? "0" : device.substring("gpu:".length());
    // Processes count those that this variable leaves them, nvidia-smi counts all.
    String visible = System.getenv("CUDA_VISIBLE_DEVICES");
    if (visible == null || visible.isBlank()) {
      return new Gpu(number);
    }
    String[] all = visible.split(",");
    int chosen = Integer.parseInt(number);
    return new Gpu(chosen < all.length ? all[chosen].strip() : null);
  }

  /** Name and driver; what it says where it cannot tell. */
  String describe() {
    String[] found = ask("name,driver_version").split(" *, *");
    return found.length == 2 ? found[0] + ", driver " + found[1] : "unknown GPU";
  }

  /**
   * Memory in use on it, by whatever process; NaN where that is not told. Of a single process it is
   * not asked, for inside a container nvidia-smi knows none.
   */
  double usedMegabytes() {
    String found = ask("memory.used");
    return found.matches("[0-9]+") ? Integer.parseInt(found) : Double.NaN;
  }

  private String ask(String what) {
    if (id == null) {
      return "";
    }
    try {
      Process process =
          new ProcessBuilder(
                  "nvidia-smi", "-i", id, "--query-gpu=" + what, "--format=csv,noheader,nounits")
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? said.strip() : "";
    } catch (IOException e) { // there is no such program
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
