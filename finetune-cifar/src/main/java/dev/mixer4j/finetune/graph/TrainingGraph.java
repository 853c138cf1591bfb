package dev.mixer4j.finetune.graph;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.Feeds;
import dev.mixer4j.finetune.optim.AllReduce;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.session.TensorFloat32;
import dev.mixer4j.finetune.session.TrainingDevices;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TUint8;

/** The graph and session of a training. It holds native memory until closed. */
public final class TrainingGraph implements AutoCloseable {

  /** The sum of the losses, and the images classified correctly before each step's update. */
  public record Totals(double loss, long correct) {}

  /** The time limit of a step with other machines, which may stop responding. */
  private static final Duration PATIENCE =
      Duration.ofSeconds(Long.getLong("mixer4j.patience", 1800));

  /** More bytes of training images stay in Java's memory, unless the settings say otherwise. */
  private static final long MOST_CACHED_BYTES = 1L << 30;

  private final Graph graph = new Graph();
  private final Session session;
  private final TrainingDevices devices;
  private final TrainSettings settings;
  private final List<Replica> replicas = new ArrayList<>();
  private long steps;
  private boolean broken;

  /** Builds the graph and loads the weights, which may be closed afterwards. */
  public TrainingGraph(
      Weights start, TrainSettings settings, LabelledImages images, Devices devices) {
    this(start, settings, images, settings.optimizer().build(), devices);
  }

  /** Builds the graph with another optimizer than that of the settings. */
  public TrainingGraph(
      Weights start,
      TrainSettings asked,
      LabelledImages images,
      Optimizer optimizer,
      Devices chosen) {
    TensorFloat32.allow(asked.precision() != Precision.FLOAT32);
    this.devices = new TrainingDevices(chosen);
    try {
      TrainingDevices.Found found = devices.find();
      settings = settle(asked, images, found);
      Ops tf = Ops.create(graph);
      int count = found.names().size();
      List<String> scopes = IntStream.range(0, count).mapToObj(i -> "replica" + i).toList();
      // All variables first: each new scope searches the whole graph for its name.
      Map<Ops, Variables> variables = new LinkedHashMap<>();
      for (String scope : scopes) {
        Ops inScope = tf.withSubScope(scope);
        variables.put(inScope, new Variables(inScope, start.network()));
      }
      variables.forEach(
          (inScope, own) ->
              replicas.add(
                  new Replica(
                      inScope,
                      graph,
                      own,
                      start.network(),
                      settings,
                      images,
                      optimizer,
                      new AllReduce.Group(count, found.group(), found.areGpus()))));
      session = found.session(graph, scopes, settings.xla());
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
    try {
      each(replica -> replica.start(session, start, images));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  static TrainSettings settle(
      TrainSettings asked, LabelledImages images, TrainingDevices.Found devices) {
    boolean onDevice = devices.areGpus() && images.bytes() <= MOST_CACHED_BYTES;
    return asked.settled(
        onDevice ? TrainSettings.Cache.DEVICE : TrainSettings.Cache.HOST, devices.names().size());
  }

  /** The number of devices that have no part of any batch. */
  public int idle() {
    int parts = (settings.batchSize() - 1) / settings.imagesAtOnce() + 1;
    return Math.max(0, replicas.size() - parts);
  }

  /** Settings that change nothing in this network, each in a sentence. */
  public List<String> withoutEffect() {
    return replicas.get(0).withoutEffect();
  }

  public TrainSettings settings() {
    return settings;
  }

  /**
   * Updates every variable once, or none if the loss or a gradient is not finite: then it throws
   * {@link DivergenceException}. Dropout and mixup follow from the seed and the step's number.
   */
  public void step(Batch batch, double learningRate, long seed, boolean fresh) {
    int parts = batch.parts().size();
    for (int first = 0; first < parts; first += replicas.size()) {
      boolean last = first + replicas.size() >= parts;
      try (Feeds feeds = new Feeds(session.runner(), new ArrayList<>())) {
        for (int i = 0; i < replicas.size(); i++) {
          Replica replica = replicas.get(i);
          replica.feed(feeds, batch, first + i, seed, steps + 1, fresh && first == 0);
          List<Op> targets =
              last ? replica.update(feeds, steps + 1, learningRate) : replica.accumulate();
          targets.forEach(feeds.runner()::addTarget);
        }
        run(feeds.runner()).close();
      } catch (RuntimeException e) {
        if (!String.valueOf(e.getMessage()).contains(Replica.NOT_FINITE)) {
          throw e;
        }
        throw new DivergenceException(
            "step %d (%s): expected a finite loss and finite gradients, found %s"
                .formatted(
                    steps + 1,
                    batch.describe(),
                    e.getMessage().contains("NaN") ? "NaN" : "infinity"));
      }
    }
    steps++;
  }

  private Result run(Session.Runner runner) {
    if (devices.areSeveralProcesses()) {
      runner.setOptions(RunOptions.newBuilder().setTimeoutInMs(PATIENCE.toMillis()).build());
    }
    return run(runner::run);
  }

  private void each(Consumer<Replica> work) {
    run(
        () -> {
          replicas.forEach(work);
          return null;
        });
  }

  /** Runs the action and reports out-of-memory and lost-worker errors with context. */
  private <T> T run(Supplier<T> work) {
    try {
      return work.get();
    } catch (TFResourceExhaustedException e) {
      throw new MixerException(
          "%s: out of memory after step %d: %s; a smaller --micro-batch-size needs less"
              .formatted(devices, steps, start(e)),
          e);
    } catch (TensorFlowException e) {
      if (!devices.areSeveralProcesses()) {
        throw e;
      }
      broken = true;
      throw new MixerException(
          "%s: TensorFlow failed after step %d: %s; the run can be resumed"
              .formatted(devices, steps, start(e)),
          e);
    }
  }

  /** The start of a message; the rest describes the graph. */
  private static String start(Exception e) {
    return String.valueOf(e.getMessage()).lines().limit(2).collect(Collectors.joining(" "));
  }

  /** The totals of the steps since they were reset. */
  public Totals totals() {
    Session.Runner runner = session.runner();
    replicas.forEach(replica -> runner.fetch(replica.totals.read()));
    double loss = 0;
    double correct = 0;
    try (Result result = run(runner)) {
      for (int i = 0; i < replicas.size(); i++) {
        TFloat64 sums = (TFloat64) result.get(i);
        loss += sums.getDouble(0);
        correct += sums.getDouble(1);
      }
    }
    return new Totals(loss, Math.round(correct));
  }

  public GraphDef definition() {
    return graph.toGraphDef();
  }

  public long steps() {
    return steps;
  }

  /**
   * Classifies images of any size, [batch, height, width, channels] uint8, without dropout, with
   * the current weights or their moving average. Returns [batch][classes].
   */
  public float[][] logits(TUint8 pixels) {
    Replica first = replicas.get(0);
    Session.Runner runner = session.runner().feed(first.input.pixels(), pixels);
    try (Result result = run(runner.fetch(first.logits))) {
      return StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
    }
  }

  /** A copy of the current weights, or of their moving average, which the caller closes. */
  public Weights snapshot() {
    return replicas.get(0).snapshot(session);
  }

  /** A copy of the current weights, which the caller closes. */
  public Weights weights() {
    return replicas.get(0).variables.snapshot(session);
  }

  /** A copy of all other state of the training, which the caller closes. */
  public NamedTensors state() {
    return replicas.get(0).state.save(session);
  }

  /** Restores a step of this training, or of one with the same settings. */
  public void restore(long step, Weights savedWeights, NamedTensors savedState) {
    each(
        replica -> {
          replica.variables.load(session, savedWeights);
          replica.state.load(session, savedState);
        });
    steps = step;
  }

  @Override
  public void close() {
    if (broken) { // TensorFlow would wait for the lost machine
      return;
    }
    try (graph) {
      session.close();
    }
  }
}
