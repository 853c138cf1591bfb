package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One run of a command as a whole process.
 *
 * @param seconds from its start to its end
 * @param peakMegabytes the most memory it held besides mapped files, by samples every 2 ms; NaN
 *     where the system does not tell, which only Linux does
 */
record ProcessRun(double seconds, double peakMegabytes) {

  /**
   * Runs a command to its end.
   *
   * @throws IOException if it does not start, or ends with an error
   */
  static ProcessRun of(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("benchmark", ".log");
    try {
      long start = System.nanoTime();
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      double peak = Double.NaN;
      do {
        double now = anonymousMegabytes(process.pid());
        peak = Double.isNaN(peak) ? now : Math.max(peak, Double.isNaN(now) ? 0 : now);
      } while (!process.waitFor(2, TimeUnit.MILLISECONDS));
      double seconds = (System.nanoTime() - start) / 1e9;
      if (process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + ": " + Files.readString(output).strip());
      }
      return new ProcessRun(seconds, peak);
    } finally {
      Files.delete(output);
    }
  }

  /** The times of several, and the most memory of any. */
  static Timings timings(List<ProcessRun> runs) {
    double peak = runs.stream().mapToDouble(ProcessRun::peakMegabytes).max().orElse(Double.NaN);
    return new Timings(runs.stream().map(ProcessRun::seconds).toList(), peak);
  }

  private static double anonymousMegabytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("RssAnon:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
      }
    } catch (IOException e) {
      return Double.NaN; // it has just ended, or this is no Linux
    }
    return Double.NaN;
  }
}
