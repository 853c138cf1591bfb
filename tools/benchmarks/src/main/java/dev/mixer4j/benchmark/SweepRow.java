package dev.mixer4j.benchmark;

import java.util.List;
import java.util.Locale;

/**
 * A measurement of a sweep.
 *
 * @param key what was measured
 * @param outcome {@link #MEASURED}, {@link #OUT_OF_MEMORY}, or why there are no figures
 * @param median of the turns, seconds for a step; this and the rest NaN where it does not exist
 * @param difference of its outputs from ours, as a share of the largest
 */
record SweepRow(
    Key key,
    String outcome,
    double median,
    double min,
    double max,
    double gpuMegabytes,
    double hostMegabytes,
    double difference) {

  static final String MEASURED = "";
  static final String OUT_OF_MEMORY = "out of memory";

  /** In the order of a table's rows. */
  private static final List<String> CONTENDERS =
      List.of(
          Lineup.OURS,
          Lineup.OURS_WITH_XLA,
          "torch",
          "torch-compile",
          "jax",
          "keras",
          Lineup.PRODUCTS,
          Lineup.MATMUL);

  /** Which precisions there are, in the order of a table's rows. */
  private static final List<String> PRECISIONS = List.of("float32", "tf32", "bfloat16");

  /** What was measured, as the table names it. */
  record Key(String model, String task, String precision, int batch, String contender)
      implements Comparable<Key> {

    static Key of(Workload workload, int batch, String contender) {
      boolean network = !contender.equals(Lineup.MATMUL);
      return new Key(
          network ? workload.variant().toString() : "-",
          network ? workload.task().toString() : "-",
          workload.precision().toString(),
          batch,
          contender);
    }

    Key with(String other) {
      return new Key(model, task, precision, batch, other);
    }

    private String order() {
      return String.format(
          Locale.ROOT,
          "%s %s %d %9d %2d %s",
          model,
          task,
          PRECISIONS.indexOf(precision),
          batch,
          CONTENDERS.indexOf(contender),
          contender);
    }

    @Override
    public int compareTo(Key other) {
      return order().compareTo(other.order());
    }
  }

  static SweepRow failed(Key key, ContenderException e) {
    String why = e.outOfMemory() ? OUT_OF_MEMORY : "failed: " + e.getMessage();
    double none = Double.NaN;
    String cell = why.replaceAll("[|\\p{Cntrl}]+", " ");
    return new SweepRow(key, cell, none, none, none, none, none, none);
  }

  boolean measured() {
    return outcome.equals(MEASURED);
  }

  double imagesPerSecond() {
    return key.batch / median;
  }
}
