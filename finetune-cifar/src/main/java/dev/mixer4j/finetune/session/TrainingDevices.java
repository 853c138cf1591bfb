package dev.mixer4j.finetune.session;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.device.Devices;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.OptimizerOptions;

/** Checks the chosen {@link Devices}, connects to their processes and opens sessions on them. */
public final class TrainingDevices {

  /** Starts at this process's id, since a worker may still know the groups of another process. */
  private static final AtomicInteger GROUPS =
      new AtomicInteger((int) ProcessHandle.current().pid());

  private final Devices chosen;
  private final Cluster cluster; // null for this process alone

  public TrainingDevices(Devices chosen) {
    this.chosen = chosen;
    this.cluster = chosen.cluster().isEmpty() ? null : new Cluster(chosen.cluster());
  }

  public boolean areSeveralProcesses() {
    return cluster != null;
  }

  /** Connects to the other processes; {@code says} receives messages about waiting for them. */
  public void connect(Consumer<String> says) {
    if (cluster != null) {
      checkOwn();
      cluster.serve(0, options());
      cluster.awaitWorkers(says);
    }
  }

  /** Options of a session, or of a server that sessions use. */
  public ConfigProto options() {
    ConfigProto.Builder options = chosen.first().sessionOptions();
    if (chosen.gpus() > 0) {
      // An empty list stands for all GPUs.
      IntStream visible = IntStream.range(0, chosen.gpus() == Devices.ALL ? 0 : chosen.gpus());
      String list = visible.mapToObj(Integer::toString).collect(Collectors.joining(","));
      options.getGpuOptionsBuilder().setVisibleDeviceList(list);
    }
    int cores = Runtime.getRuntime().availableProcessors();
    // The numbers of threads are fixed, since the order of partial sums decides their last bits.
    // The numbers of a process's first session hold for all later ones.
    options
        .putDeviceCount("CPU", chosen.cpus())
        .setIntraOpParallelismThreads(cores)
        .setInterOpParallelismThreads(
            chosen.gpus() == 0 && cluster == null ? chosen.cpus() : cores);
    if (cluster != null) {
      options.setIsolateSessionState(true); // a session's variables end with it, on all servers
      options.getExperimentalBuilder().setCollectiveGroupLeader(Cluster.LEADER);
    }
    return options.build();
  }

  /** Checks that TensorFlow sees this process's devices. */
  public void checkOwn() {
    if (chosen.gpus() == 0) {
      chosen.first().check();
    } else {
      checkCount(gpusOf(list(null)));
    }
  }

  private void checkCount(List<String> found) {
    if (found.isEmpty() || chosen.gpus() != Devices.ALL && chosen.gpus() > found.size()) {
      throw new MixerException(
          "%s: TensorFlow sees %d GPUs; 'finetune-cifar doctor' says what is missing"
              .formatted(this, found.size()));
    }
  }

  private List<String> list(String target) {
    try {
      return PlacedSession.devices(target, options());
    } catch (RuntimeException e) { // of several classes, depending on when TensorFlow notices
      throw new MixerException(this + ": TensorFlow cannot use them: " + e.getMessage(), e);
    }
  }

  private static List<String> gpusOf(List<String> names) {
    return names.stream().filter(name -> name.contains("/device:GPU:")).toList();
  }

  /** Finds the devices of all processes; fails if one is missing. */
  public Found find() {
    if (cluster == null && chosen.gpus() == 0) {
      chosen.first().check();
    }
    List<String> all = list(target());
    List<String> found = gpusOf(all);
    if (cluster == null && chosen.gpus() > 0) {
      checkCount(found);
    }
    boolean onGpus = !found.isEmpty();
    if (!onGpus) {
      found = all.stream().filter(name -> name.contains("/device:CPU:")).toList();
    }
    for (int task = 0; cluster != null && task < cluster.addresses().size(); task++) {
      String own = "/task:" + task + "/";
      if (found.stream().noneMatch(name -> name.contains(own))) {
        throw new MixerException(
            "%s: expected %s as the others have, found none; run 'finetune-cifar doctor' there, or give --device cpu to each process"
                .formatted(cluster.addresses().get(task), onGpus ? "a GPU" : "a CPU"));
      }
    }
    return new Found(this, List.copyOf(found), onGpus, GROUPS.incrementAndGet());
  }

  private String target() {
    return cluster == null ? null : cluster.target();
  }

  @Override
  public String toString() {
    return chosen.toString();
  }

  /**
   * The devices of all processes. No other group of these processes has the same group number.
   *
   * @param names TensorFlow's, such as {@code /job:localhost/replica:0/task:0/device:GPU:0}
   */
  public record Found(TrainingDevices of, List<String> names, boolean areGpus, int group) {

    /** Opens a session on a complete graph with a scope of operations for each device. */
    public Session session(Graph graph, List<String> scopes, boolean xla) {
      ConfigProto.Builder options = of.options().toBuilder();
      if (xla) {
        options
            .getGraphOptionsBuilder()
            .getOptimizerOptionsBuilder()
            .setGlobalJitLevel(OptimizerOptions.GlobalJitLevel.ON_2)
            .setCpuGlobalJit(true);
      }
      if (names.size() == 1 && of.cluster == null) {
        return new Session(graph, options.build());
      }
      Map<String, String> places = new HashMap<>();
      for (int i = 0; i < names.size(); i++) {
        places.put(scopes.get(i), names.get(i));
      }
      return PlacedSession.open(graph, places, of.target(), options.build());
    }
  }
}
