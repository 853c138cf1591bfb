package dev.mixer4j.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What figures were taken on. */
final class Machine {

  private Machine() {}

  /** Processor, cores, system and Java, in a few words. */
  static String describe() {
    return "%s, %d cores, %s, Java %s"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            Runtime.version().feature());
  }

  /** Memory that programs can still have; infinite where the system does not tell. */
  static double availableMegabytes() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToDouble(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0)
          .findFirst()
          .orElse(Double.POSITIVE_INFINITY);
    } catch (IOException e) {
      return Double.POSITIVE_INFINITY; // no Linux
    }
  }

  private static String processor() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.replaceFirst("[^:]*: *", ""))
          .orElse("unknown processor");
    } catch (IOException e) {
      return "unknown processor"; // no Linux
    }
  }
}
