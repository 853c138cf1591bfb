package dev.mixer4j.finetune;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.AllReduce;
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

/**
 * Where a training computes: one device, several GPUs of this machine, or those of several
 * machines. Several devices have a copy of the network each and share every batch; the sum of their
 * gradients makes the same update on each, the one that a single device makes of the whole batch.
 * On the module path several need Java's option {@code --add-opens
 * tensorflow/org.tensorflow=dev.mixer4j.finetune}.
 */
public final class Devices {

  /** The first GPU; the processor where TensorFlow sees none. */
  public static final Devices AUTO = of(Device.AUTO);

  private static final int ALL = 0;

  /** Training images beyond this stay in Java's memory, unless the settings say otherwise. */
  private static final long MOST_CACHED_BYTES = 1L << 30;

  /** From a number of this process's, for a worker may have met another one's groups. */
  private static final AtomicInteger GROUPS =
      new AtomicInteger((int) ProcessHandle.current().pid());

  private final Device device;
  private final Integer gpus; // ALL, or how many; null for the one device
  private final int processors;
  private final Cluster cluster; // null for this process alone

  private Devices(Device device, Integer gpus, int processors, Cluster cluster) {
    this.device = device;
    this.gpus = gpus;
    this.processors = processors;
    this.cluster = cluster;
  }

  /**
   * Chooses one device.
   *
   * @param device of this machine
   * @return where to train
   */
  public static Devices of(Device device) {
    return new Devices(device, null, 1, null);
  }

  /**
   * Chooses the first GPUs of this machine.
   *
   * @param count how many
   * @return where to train
   * @throws IllegalArgumentException if it is none
   */
  public static Devices gpus(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("expected a number of GPUs above 0, found " + count);
    }
    return new Devices(new Device(0, true), count, 1, null);
  }

  /**
   * Chooses all GPUs of this machine.
   *
   * @return where to train
   */
  public static Devices allGpus() {
    return new Devices(new Device(0, true), ALL, 1, null);
  }

  /** The processor, divided into several devices, for tests. */
  static Devices processors(int count) {
    return new Devices(Device.CPU, null, count, null);
  }

  /**
   * Adds other processes, on this machine or others, each of which runs {@code finetune-cifar
   * worker}. All that they have of GPUs trains, or their processors where nobody has one; it is an
   * error if some have and others have not. A training waits ten minutes for them. The connections
   * are neither encrypted nor authenticated, and each port is open on all of its machine's
   * addresses, be it {@code localhost} here: whoever reaches one can run anything that TensorFlow
   * can, so that they belong into a network of one's own.
   *
   * @param addresses HOST:PORT of each process, this one first
   * @return where to train; this process serves its port, with the GPUs of its first training,
   *     until it ends
   * @throws IllegalArgumentException if an address is none, or they are fewer than two
   */
  public Devices inCluster(List<String> addresses) {
    return new Devices(device, gpus, processors, new Cluster(addresses));
  }

  /** Whether other processes take part, which may be lost. */
  boolean areSeveralProcesses() {
    return cluster != null;
  }

  /** The first one of this machine. */
  Device first() {
    return device;
  }

  /**
   * Makes the others reachable, which are waited for.
   *
   * @param says is told what it waits for
   * @throws MixerException if one cannot be reached
   */
  void connect(Consumer<String> says) {
    if (cluster != null) {
      checkOwn();
      cluster.serve(0, options());
      cluster.awaitWorkers(says);
    }
  }

  /** Options of a session, or of a server that sessions use. */
  ConfigProto options() {
    ConfigProto.Builder options = device.sessionOptions();
    if (gpus != null) {
      // No list is all of them.
      options
          .getGpuOptionsBuilder()
          .setVisibleDeviceList(
              IntStream.range(0, gpus)
                  .mapToObj(Integer::toString)
                  .collect(Collectors.joining(",")));
    }
    int cores = Runtime.getRuntime().availableProcessors();
    // Fixed numbers of threads, since the order in which sums are split decides their last bits;
    // those of a process's first session are those of all later ones.
    options
        .putDeviceCount("CPU", processors)
        .setIntraOpParallelismThreads(cores)
        .setInterOpParallelismThreads(gpus == null && cluster == null ? processors : cores);
    if (cluster != null) {
      options.setIsolateSessionState(true); // a session's variables end with it, on all servers
      options.getExperimentalBuilder().setCollectiveGroupLeader(Cluster.LEADER);
    }
    return options.build();
  }

  /**
   * Asks TensorFlow for those of this process.
   *
   * @throws MixerException if they are not there
   */
  void checkOwn() {
    if (gpus == null) {
      device.check();
    } else {
      checkCount(gpusOf(list(null)));
    }
  }

  private void checkCount(List<String> found) {
    if (found.isEmpty() || gpus > found.size()) {
      throw new MixerException(
          "%s: TensorFlow sees %d GPUs; 'finetune-cifar doctor' says what is missing"
              .formatted(this, found.size()));
    }
  }

  private List<String> list(String target) {
    try {
      return PlacedSession.devices(target, options());
    } catch (RuntimeException e) { // of several classes, as TensorFlow noticed it sooner or later
      throw new MixerException(this + ": TensorFlow cannot use them: " + e.getMessage(), e);
    }
  }

  private static List<String> gpusOf(List<String> names) {
    return names.stream().filter(name -> name.contains("/device:GPU:")).toList();
  }

  /**
   * Asks TensorFlow for all of them.
   *
   * @throws MixerException if they are not there
   */
  Found find() {
    if (cluster == null && gpus == null) {
      device.check();
    }
    List<String> all = list(target());
    List<String> found = gpusOf(all);
    if (cluster == null && gpus != null) {
      checkCount(found);
    }
    boolean onGpus = !found.isEmpty();
    if (!onGpus) {
      found = all.stream().filter(name -> name.contains("/device:CPU:")).toList();
    }
    if (cluster != null) {
      checkEachTakesPart(found, onGpus);
    }
    return new Found(List.copyOf(found), onGpus, GROUPS.incrementAndGet());
  }

  private void checkEachTakesPart(List<String> found, boolean onGpus) {
    for (int task = 0; task < cluster.addresses().size(); task++) {
      String own = "/task:" + task + "/";
      if (found.stream().noneMatch(name -> name.contains(own))) {
        throw new MixerException(
            "%s: expected %s as the others have, found none; 'finetune-cifar doctor' says there what is missing, and --device cpu for each process does without"
                .formatted(cluster.addresses().get(task), onGpus ? "a GPU" : "a processor"));
      }
    }
  }

  private String target() {
    return cluster == null ? null : cluster.target();
  }

  @Override
  public String toString() {
    String own =
        gpus == null
            ? processors == 1 ? device.toString() : processors + " processors"
            : gpus == ALL ? "all GPUs" : gpus == 1 ? "1 GPU" : gpus + " GPUs";
    return cluster == null ? own : own + " in " + String.join(",", cluster.addresses());
  }

  /** What TensorFlow has of them. */
  final class Found {
    private final List<String> names;
    private final boolean gpu;
    private final int group;

    private Found(List<String> names, boolean gpu, int group) {
      this.names = names;
      this.gpu = gpu;
      this.group = group;
    }

    int count() {
      return names.size();
    }

    AllReduce.Group group() {
      return new AllReduce.Group(names.size(), group, gpu);
    }

    /** Makes definite what the settings leave to the devices. */
    TrainSettings settle(TrainSettings settings, LabelledImages images) {
      return settings.settled(
          gpu && images.bytes() <= MOST_CACHED_BYTES
              ? TrainSettings.Cache.DEVICE
              : TrainSettings.Cache.HOST,
          count());
    }

    /**
     * Opens a session on a graph that is complete.
     *
     * @param scopes of operations, one for each device
     */
    Session session(Graph graph, List<String> scopes, boolean xla) {
      ConfigProto.Builder options = options().toBuilder();
      if (xla) {
        options
            .getGraphOptionsBuilder()
            .getOptimizerOptionsBuilder()
            .setGlobalJitLevel(OptimizerOptions.GlobalJitLevel.ON_2)
            .setCpuGlobalJit(true);
      }
      if (count() == 1 && cluster == null) {
        return new Session(graph, options.build());
      }
      Map<String, String> places = new HashMap<>();
      for (int i = 0; i < count(); i++) {
        places.put(scopes.get(i), names.get(i));
      }
      return PlacedSession.open(graph, places, target(), options.build());
    }
  }
}
