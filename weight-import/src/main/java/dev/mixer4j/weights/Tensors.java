package dev.mixer4j.weights;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.tensorflow.ndarray.Shape;

/** Weights under a framework's names and in its layouts, one tensor at a time. */
final class Tensors {

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

  private Tensors() {}

  /** All tensors in the network's order, for formats whose header comes first. */
  static List<Plan> plan(MixerConfig config, String naming) {
    NameMap names = NameMap.of(naming);
    List<Plan> plans = new ArrayList<>();
    for (Map.Entry<String, Shape> variable : config.variables().entrySet()) {
      NameMap.Target there = names.source(variable.getKey());
      Shape shape =
          there.axes().length == 0
              ? variable.getValue()
              : Permutation.apply(variable.getValue(), there.axes());
      plans.add(new Plan(variable.getKey(), there.name(), shape, there.axes()));
    }
    return plans;
  }

  /** Visits all tensors in the order of {@link #plan}. */
  static void forEach(MixerWeights weights, String naming, LongConsumer progress, Visitor visitor)
      throws IOException {
    Map<String, Shape> variables = weights.config().variables();
    List<Plan> plans = plan(weights.config(), naming);
    int largest = plans.stream().mapToInt(Plan::bytes).max().orElseThrow();
    boolean turned = plans.stream().anyMatch(p -> p.axes.length > 0);
    ByteBuffer there = buffer(largest);
    FloatBuffer here = turned ? FloatBuffer.allocate(largest / Float.BYTES) : null;
    for (Plan plan : plans) {
      there.clear().limit(plan.bytes());
      boolean asItIs = plan.axes.length == 0;
      FloatBuffer values = asItIs ? there.asFloatBuffer() : here.clear();
      weights.read(plan.canonical, values);
      if (values.position() != plan.shape.size()) {
        throw new IllegalStateException(
            "expected %d numbers of %s, read %d"
                .formatted(plan.shape.size(), plan.canonical, values.position()));
      }
      if (!asItIs) {
        Permutation.copy(
            here.flip(), variables.get(plan.canonical), there.asFloatBuffer(), plan.axes);
      }
      visitor.visit(plan.name, plan.shape, there);
      progress.accept(plan.bytes());
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
