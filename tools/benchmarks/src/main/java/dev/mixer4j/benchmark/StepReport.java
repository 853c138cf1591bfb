package dev.mixer4j.benchmark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What came of a comparison, for a person or a program.
 *
 * @param rows ours first
 */
record StepReport(Workload workload, int batch, int rounds, List<Row> rows) {

  private static final Set<String> BOUNDS = Set.of(Lineup.PRODUCTS, Lineup.MATMUL);

  /**
   * A contender's.
   *
   * @param gpuMegabytes NaN without a GPU, or where it does not tell
   * @param difference of its outputs from ours, as a share of the largest
   */
  record Row(String name, Timings timings, double gpuMegabytes, double difference) {}

  /** Prints it; the exit code says whether all computed the same. */
  int print(PrintWriter out, boolean json) throws IOException {
    out.print(
        json ? new JsonMapper().writeValueAsString(json()) + System.lineSeparator() : table());
    out.flush();
    return rows.stream().allMatch(this::agrees) ? Cli.DONE : Cli.CHECK_FAILED;
  }

  private boolean agrees(Row row) {
    return BOUNDS.contains(row.name) || row.difference < workload.tolerance();
  }

  private Row ours() {
    return rows.get(0);
  }

  private double imagesPerSecond(Row row) {
    return batch / row.timings.median();
  }

  private double flopsPerSecond(Row row) {
    return Lineup.flops(row.name, workload, batch) / row.timings.median();
  }

  private String machine() {
    return workload.onGpu()
        ? Gpu.of(workload.device()).describe() + "; " + Machine.describe()
        : Machine.describe();
  }

  private ObjectNode json() {
    ObjectNode root = new JsonMapper().createObjectNode().put("task", workload.task().toString());
    root.put("variant", workload.variant().toString()).put("batch", batch);
    root.put("image_size", workload.imageSize()).put("device", workload.device());
    root.put("precision", workload.precision().toString());
    root.put("machine", machine()).put("rounds", rounds);
    describe(root, ours());
    ArrayNode list = root.putArray("peers");
    for (Row row : rows.subList(1, rows.size())) {
      ObjectNode node = list.addObject().put("name", row.name);
      describe(node, row);
      if (!row.name.equals(Lineup.MATMUL)) {
        node.put("mixer4j_times_as_fast", ours().timings.timesAsFastAs(row.timings));
      }
      if (!BOUNDS.contains(row.name)) {
        node.put("difference", row.difference);
      }
    }
    return root;
  }

  private void describe(ObjectNode node, Row row) {
    if (!row.name.equals(Lineup.MATMUL)) {
      node.put("images_per_second", imagesPerSecond(row));
    }
    row.timings.describe(node);
    if (workload.variant().isMixer()) {
      node.put("flops_per_second", flopsPerSecond(row));
    }
    if (!Double.isNaN(row.gpuMegabytes)) {
      node.put("gpu_megabytes", row.gpuMegabytes);
    }
  }

  private String table() {
    StringBuilder table = new StringBuilder();
    table.append(
        "%s, %s at %d, batch %d, %s: a step, median (range) of %d turns; %s%n"
            .formatted(
                workload.task(),
                workload.variant().title(),
                workload.imageSize(),
                batch,
                workload.precision(),
                rounds,
                machine()));
    rows.forEach(row -> table.append("  ").append(line(row)).append(System.lineSeparator()));
    return table.toString();
  }

  private String line(Row row) {
    String images =
        row.name.equals(Lineup.MATMUL)
            ? " ".repeat(16)
            : String.format(Locale.ROOT, "%7.2f images/s", imagesPerSecond(row));
    String text = String.format(Locale.ROOT, "%-17s %s  %s", row.name, images, time(row.timings));
    if (!Double.isNaN(row.gpuMegabytes)) {
      text += String.format(Locale.ROOT, ", GPU %.0f MB", row.gpuMegabytes);
    }
    if (row != ours() && !row.name.equals(Lineup.MATMUL)) {
      double ratio = ours().timings.timesAsFastAs(row.timings);
      text += String.format(Locale.ROOT, "  Mixer4J is %.2f times as fast", ratio);
      if (!agrees(row)) {
        text += String.format(Locale.ROOT, ", BUT ITS OUTPUTS DIFFER by %.1e", row.difference);
      }
    }
    return text + shares(row);
  }

  /** On a GPU milliseconds. */
  private String time(Timings timings) {
    return workload.onGpu()
        ? String.format(
            Locale.ROOT,
            "%.2f ms (%.2f-%.2f), %.0f MB",
            1e3 * timings.median(),
            1e3 * timings.min(),
            1e3 * timings.max(),
            timings.peakMegabytes())
        : timings.text();
  }

  /** How near it comes to the device's matrix rates, where the larger of them was measured. */
  private String shares(Row row) {
    if (rows.stream().noneMatch(other -> other.name.equals(Lineup.MATMUL))) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "  %.2f TFLOP/s", flopsPerSecond(row) / 1e12));
    for (Row bound : rows) {
      if (BOUNDS.contains(bound.name) && bound != row && !row.name.equals(Lineup.MATMUL)) {
        double share = flopsPerSecond(row) / flopsPerSecond(bound);
        text.append(String.format(Locale.ROOT, ", %.0f%% of %s", 100 * share, bound.name));
      }
    }
    return text.toString();
  }
}
