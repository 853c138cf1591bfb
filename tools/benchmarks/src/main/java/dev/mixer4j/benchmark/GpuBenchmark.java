package dev.mixer4j.benchmark;

import dev.mixer4j.core.Precision;
import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "gpu",
    sortOptions = false,
    description = {
      "Goes up the batches on a GPU, model for model, task for task, precision for precision, until"
          + " images a second grow by less than 3%% or the memory does not do, and writes a table in"
          + " Markdown.",
      "Contenders are mixer4j and, with --reference-python, mixer4j-xla, torch, torch-compile, products"
          + " and matmul, as in the commands inference and training; but one after the other, each with"
          + " the GPU to itself. What the file of --out has already is not measured again, so that a"
          + " sweep may be cut off at any moment and started again."
    })
final class GpuBenchmark implements Callable<Integer> {

  private static final double TURN_SECONDS = 0.5;

  private static final double GROWTH = 1.03;

  @Spec private CommandSpec spec;

  @Mixin private Lineup lineup;

  @Option(
      names = "--device",
      defaultValue = "gpu",
      paramLabel = "DEVICE",
      description = "gpu, gpu:1 for the second one, or cpu to try it out (default: gpu).")
  private String device;

  @Option(
      names = "--out",
      paramLabel = "FILE.md",
      description = "Gets the table, row for row; without it rows are printed alone.")
  private Path out;

  @Option(
      names = "--variant",
      converter = Variant.Converter.class,
      split = ",",
      defaultValue = "B/16,L/16",
      paramLabel = "NAME",
      description = "Presets (default: ${DEFAULT-VALUE}).")
  private List<Variant> variants;

  @Option(
      names = "--task",
      split = ",",
      defaultValue = "training,inference",
      paramLabel = "NAME",
      description = "Commands (default: ${DEFAULT-VALUE}).")
  private List<StepTask> tasks;

  @Option(
      names = "--precision",
      split = ",",
      defaultValue = "float32,tf32,bfloat16",
      paramLabel = "NAME",
      description = "Of the MLPs' products (default: ${DEFAULT-VALUE}).")
  private List<Precision> precisions;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,8,16,32,64,128,256,512,1024,2048",
      paramLabel = "N",
      description = "Batches to go up, 1 for inference alone (default: ${DEFAULT-VALUE}).")
  private List<Integer> batches;

  @Option(
      names = "--image-size",
      defaultValue = "224",
      paramLabel = "N",
      description = "Height and width of the network's images (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      description = "Turns of each, of half a second (default: ${DEFAULT-VALUE}).")
  private int rounds;

  private SweepTable table;
  private boolean sound = true;

  @Override
  public Integer call() throws IOException {
    check();
    PrintWriter print = spec.commandLine().getOut();
    try (TemporaryFolder folder = new TemporaryFolder()) {
      String versions = String.join(", ", lineup.versions(device, folder.path()).lines().toList());
      String machine =
          device.equals("cpu")
              ? Machine.describe()
              : Gpu.of(device).describe() + "; " + Machine.describe();
      table =
          SweepTable.open(
              out,
              "%s; %s; images of %d, %d turns of %s s."
                  .formatted(machine, versions, size, rounds, TURN_SECONDS),
              size);
      print.print(SweepTable.HEADING);
      print.flush();
    }
    for (Variant variant : variants) {
      for (StepTask task : tasks) {
        try (TemporaryFolder folder = new TemporaryFolder()) {
          new Workload(task, variant, size, device, precisions.get(0)).writeWeights(folder.path());
          for (Precision precision : precisions) {
            compare(new Workload(task, variant, size, device, precision), folder.path());
          }
        }
      }
    }
    return sound ? Cli.DONE : Cli.CHECK_FAILED;
  }

  private void check() {
    lineup.checkDevice(device);
    batches = batches.stream().sorted().distinct().toList();
    if (rounds < 1 || size < 1 || batches.get(0) < 1) {
      throw lineup.usage("expected numbers above 0");
    }
    for (StepTask task : tasks) {
      for (Precision precision : precisions) {
        lineup.peers(new Workload(task, variants.get(0), size, device, precision));
      }
    }
  }

  private void compare(Workload workload, Path folder) throws IOException {
    List<String> peers = lineup.peers(workload);
    if (peers.contains(Lineup.MATMUL)) {
      measure(Lineup.MATMUL, workload, List.of(Lineup.matmulRows(workload)), folder, Map.of());
    }
    List<Integer> all =
        batches.stream().filter(n -> n > 1 || workload.task() == StepTask.INFERENCE).toList();
    Map<Integer, float[]> ours = new HashMap<>();
    measure(Lineup.OURS, workload, all, folder, ours);
    for (String name : peers) {
      if (!name.equals(Lineup.MATMUL) && !name.equals(Lineup.PRODUCTS)) {
        bound(peers, workload, folder);
        measure(name, workload, all, folder, ours);
      }
    }
    bound(peers, workload, folder);
  }

  /** The products of the batches that contenders came to. */
  private void bound(List<String> peers, Workload workload, Path folder) throws IOException {
    if (peers.contains(Lineup.PRODUCTS)) {
      measure(Lineup.PRODUCTS, workload, table.batches(workload), folder, Map.of());
    }
  }

  /**
   * Goes up the batches with one contender, in one process, for starting takes longer than
   * measuring.
   *
   * @param ours outputs by batch, which {@link Lineup#OURS} adds its own to
   */
  private void measure(
      String name, Workload workload, List<Integer> upTo, Path folder, Map<Integer, float[]> ours)
      throws IOException {
    boolean bound = name.equals(Lineup.PRODUCTS) || name.equals(Lineup.MATMUL);
    Contender contender = null;
    SweepRow before = null;
    try {
      for (int batch : upTo) {
        SweepRow.Key key = SweepRow.Key.of(workload, batch, name);
        SweepRow row = table.get(key);
        if (row == null || row.outcome().startsWith("failed")) {
          try {
            if (!name.equals(Lineup.MATMUL)) {
              workload.writeBatch(folder, batch);
            }
            int more = workload.onGpu() ? StepBenchmark.WARM_UP_ON_GPU : 0;
            if (contender == null) {
              contender = lineup.start(name, workload, folder, batch);
              contender.prepare(batch, more);
            } else {
              contender.next(batch, more);
            }
            row = measure(contender, key, ours);
            sound &= bound || !(row.difference() >= workload.tolerance());
          } catch (ContenderException e) {
            row = SweepRow.failed(key, e);
            sound &= e.outOfMemory();
          }
          table.add(row);
          print(row);
        }
        if (!row.measured() || !bound && saturated(before, row)) {
          return;
        }
        before = row;
      }
    } finally {
      if (contender != null) {
        contender.close();
      }
    }
  }

  private static boolean saturated(SweepRow before, SweepRow row) {
    return before != null && row.imagesPerSecond() < GROWTH * before.imagesPerSecond();
  }

  private SweepRow measure(Contender contender, SweepRow.Key key, Map<Integer, float[]> ours)
      throws IOException {
    for (int round = 0; round < rounds; round++) {
      contender.turn(TURN_SECONDS);
    }
    Timings timings = contender.timings();
    if (contender.name().equals(Lineup.OURS)) {
      ours.put(key.batch(), contender.outputs());
    }
    float[] expected = ours.get(key.batch());
    boolean compared = expected != null && !contender.name().equals(Lineup.OURS);
    return new SweepRow(
        key,
        SweepRow.MEASURED,
        timings.median(),
        timings.min(),
        timings.max(),
        contender.gpuMegabytes(),
        timings.peakMegabytes(),
        compared ? Workload.difference(expected, contender.outputs()) : Double.NaN);
  }

  private void print(SweepRow row) {
    PrintWriter print = spec.commandLine().getOut();
    print.print(table.line(row));
    print.flush();
  }
}
