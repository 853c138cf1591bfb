package dev.mixer4j.weights.write;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.format.elements.Permutation;
import dev.mixer4j.weights.names.NameTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.tensorflow.ndarray.Shape;

/** Weights under a framework's names and in its layouts, one tensor at a time. */
final class TensorPipeline {

  /** What is done with a tensor. */
  interface Visitor {
    /**
     * @param name the framework's name
     * @param shape in the framework's layout
     * @param bytes float32, little-endian, row-major, in native memory; the next tensor takes its
     *     place
     */
    void visit(String name, Shape shape, ByteBuffer bytes) throws IOException;
  }

  /**
   * A tensor to come.
   *
   * @param canonical the variable's name
   * @param name the framework's name
   * @param shape in the framework's layout
   * @param axes which canonical axis each of its axes is; empty where they are the same
   */
  record Plan(String canonical, String name, Shape shape, int[] axes) {
    int bytes() {
      return Math.toIntExact(shape.size() * Float.BYTES);
    }
  }

  private TensorPipeline() {}

  /** All tensors in the network's order, for formats whose header comes first. */
  static List<Plan> plan(MixerConfig config, String naming) {
    NameTable names = NameTable.of(naming);
    List<Plan> plans = new ArrayList<>();
    for (Map.Entry<String, Shape> variable : config.variables().entrySet()) {
      NameTable.Target there = names.source(variable.getKey());
      Shape shape =
          there.axes().length == 0
              ? variable.getValue()
              : Permutation.apply(variable.getValue(), there.axes());
      plans.add(new Plan(variable.getKey(), there.name(), shape, there.axes()));
    }
    return plans;
  }

  /**
   * Visits all tensors in the order of {@link #plan}: one is visited, on a thread of its own, while
   * the next is read.
   */
  static void forEach(MixerWeights weights, String naming, LongConsumer progress, Visitor visitor)
      throws IOException {
    List<Plan> plans = plan(weights.config(), naming);
    int largest = plans.stream().mapToInt(Plan::bytes).max().orElseThrow();
    boolean turned = plans.stream().anyMatch(p -> p.axes.length > 0);
    FloatBuffer scratch = turned ? FloatBuffer.allocate(largest / Float.BYTES) : null;
    ByteBuffer[] buffers = {buffer(largest), buffer(largest)};
    ExecutorService visits = Executors.newSingleThreadExecutor();
    try {
      Future<?> before = CompletableFuture.completedFuture(null);
      for (int i = 0; i < plans.size(); i++) {
        Plan plan = plans.get(i);
        ByteBuffer bytes = buffers[i % 2].clear().limit(plan.bytes());
        read(weights, plan, scratch, bytes.asFloatBuffer());
        await(before);
        before =
            visits.submit(
                () -> {
                  visitor.visit(plan.name, plan.shape, bytes);
                  progress.accept(plan.bytes());
                  return null;
                });
      }
      await(before);
    } finally {
      finish(visits);
    }
  }

  private static void await(Future<?> visit) throws IOException {
    try {
      visit.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failed) {
        throw failed;
      }
      if (e.getCause() instanceof RuntimeException failed) {
        throw failed;
      }
      if (e.getCause() instanceof Error failed) {
        throw failed;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while writing");
    }
  }

  /** A visit that is still at work must not find its file closed. */
  private static void finish(ExecutorService visits) {
    visits.shutdown();
    try {
      visits.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads a tensor in the framework's layout. */
  private static void read(MixerWeights weights, Plan plan, FloatBuffer scratch, FloatBuffer to) {
    boolean asItIs = plan.axes.length == 0;
    FloatBuffer values = asItIs ? to : scratch.clear();
    weights.read(plan.canonical, values);
    if (values.position() != plan.shape.size()) {
      throw new IllegalStateException(
          "expected %d numbers of %s, read %d"
              .formatted(plan.shape.size(), plan.canonical, values.position()));
    }
    if (!asItIs) {
      Shape canonical = weights.config().variables().get(plan.canonical);
      Permutation.copy(values.flip(), canonical, to, plan.axes);
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
