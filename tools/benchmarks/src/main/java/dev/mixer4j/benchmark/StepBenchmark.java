package dev.mixer4j.benchmark;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
import dev.mixer4j.weights.command.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Times steps of Mixer4J and of its peers, which take turns in each round. */
abstract class StepBenchmark implements Callable<Integer> {

  /** For threads that spin after a turn to fall asleep. */
  private static final long PAUSE_MILLIS = 300;

  private static final double TURN_SECONDS = 1;

  /** TensorFlow compiles some of XLA's clusters at a later step than the second. */
  static final int WARM_UP_ON_GPU = 10;

  private final StepTask task;

  @Spec private CommandSpec spec;

  @Mixin private Lineup lineup;

  @Option(
      names = "--variant",
      converter = Variant.Converter.class,
      defaultValue = "B/16",
      description =
          "A Mixer such as B/16, or any preset such as LeNet-5 (default: ${DEFAULT-VALUE}).")
  private Variant variant;

  @Option(
      names = "--batch",
      defaultValue = "8",
      paramLabel = "N",
      description = "Images in a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      description = "Height and width of the network's images (default: the preset's).")
  private Integer given;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "DEVICE",
      description = "cpu, gpu, or gpu:1 for the second one (default: ${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = "--precision",
      defaultValue = "float32",
      paramLabel = "NAME",
      description =
          "Of the MLPs' products: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}). For"
              + " bfloat16 PyTorch has autocast.")
  private Precision precision;

  @Option(
      names = "--rounds",
      defaultValue = "15",
      paramLabel = "N",
      description = "Turns of each, of a second or one step (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  StepBenchmark(StepTask task) {
    this.task = task;
  }

  @Override
  public Integer call() throws Exception {
    int size = given == null ? variant.network().input().size() : given;
    for (int value : new int[] {batch, size, rounds}) {
      if (value < 1) {
        throw lineup.usage("expected numbers above 0, found " + value);
      }
    }
    lineup.checkDevice(device);
    Workload workload = new Workload(task, variant, size, device, precision);
    List<String> names = new ArrayList<>(List.of(Lineup.OURS));
    names.addAll(lineup.peers(workload));
    try (TemporaryFolder folder = new TemporaryFolder()) {
      workload.writeWeights(folder.path());
      workload.writeBatch(folder.path(), batch);
      List<StepReport.Row> rows = measure(workload, names, folder.path());
      return new StepReport(workload, batch, rounds, rows).print(spec.commandLine().getOut(), json);
    }
  }

  private List<StepReport.Row> measure(Workload workload, List<String> names, Path folder)
      throws Exception {
    List<Contender> contenders = new ArrayList<>();
    try (Progress progress =
        Progress.of("Timing", (long) names.size() * (rounds + 3), "turns", 1)) {
      for (String name : names) {
        double before = Machine.availableMegabytes();
        contenders.add(start(name, workload, folder));
        double left = Machine.availableMegabytes();
        // The next one may take as much, and a machine that swaps measures nothing.
        if (contenders.size() < names.size() && left < before - left) {
          throw new MixerException(
              "after %s %.0f MB of memory are left; choose fewer peers (--peers) or a smaller --batch"
                  .formatted(name, left));
        }
        progress.step(3);
      }
      for (int round = 0; round < rounds; round++) {
        for (Contender contender : contenders) {
          Thread.sleep(PAUSE_MILLIS);
          contender.turn(TURN_SECONDS);
          progress.step(1);
        }
      }
      float[] ours = contenders.get(0).outputs();
      List<StepReport.Row> rows = new ArrayList<>();
      for (Contender contender : contenders) {
        rows.add(
            new StepReport.Row(
                contender.name(),
                contender.timings(),
                contender.gpuMegabytes(),
                Workload.difference(ours, contender.outputs())));
      }
      return rows;
    } finally {
      contenders.forEach(Contender::close);
    }
  }

  private Contender start(String name, Workload workload, Path folder) throws IOException {
    int images = name.equals(Lineup.MATMUL) ? Lineup.matmulRows(workload) : batch;
    Contender contender = lineup.start(name, workload, folder, images);
    try {
      contender.prepare(images, workload.onGpu() ? WARM_UP_ON_GPU : 0);
      return contender;
    } catch (ContenderException e) {
      contender.close();
      if (e.outOfMemory()) {
        throw new MixerException(
            e.getMessage()
                + "; all of them share the memory: choose fewer peers (--peers) or a smaller --batch",
            e);
      }
      throw e;
    }
  }
}
