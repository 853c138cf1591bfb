package dev.mixer4j.benchmark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Repeated measurements of one thing, in the order in which they were taken.
 *
 * @param seconds of each run
 * @param peakMegabytes the most memory that it took; NaN where the system does not tell
 */
record Timings(List<Double> seconds, double peakMegabytes) {

  double median() {
    return median(seconds);
  }

  double min() {
    return seconds.stream().mapToDouble(x -> x).min().orElseThrow();
  }

  double max() {
    return seconds.stream().mapToDouble(x -> x).max().orElseThrow();
  }

  /**
   * How many times as fast as another: the median of the ratios of runs that were made one after
   * the other, so that what slows the machine for a while slows both.
   */
  double timesAsFastAs(Timings other) {
    return median(
        IntStream.range(0, seconds.size())
            .mapToObj(i -> other.seconds.get(i) / seconds.get(i))
            .toList());
  }

  /** Adds median, range and memory to what {@code --json} prints. */
  void describe(ObjectNode node) {
    node.put("median_seconds", median());
    node.put("min_seconds", min());
    node.put("max_seconds", max());
    node.put("peak_megabytes", peakMegabytes);
  }

  /** Median, range and memory in a few words. */
  String text() {
    return String.format(
        Locale.ROOT, "%.3f s (%.3f-%.3f), %.0f MB", median(), min(), max(), peakMegabytes);
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }
}
