package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

class GradientAccumulatorTest {

  private static final int UPDATES = 5;
  private static final int BATCH = 32;
  private static final double RATE = 0.3;
  private static final Optimizer OPTIMIZER = new Momentum(0.9, false, 0.01);

  /** Below the gradients' norm, so that it shows whether the sum is clipped or its parts. */
  private static final double CLIP = 0.2;

  private static int from(int update) {
    return (update - 1) % 2 * BATCH;
  }

  private static float[] wholeBatches() {
    try (SmallNetwork network = new SmallNetwork()) {
      var clipped = ClippedGradients.of(network.tf, network.parameters(), CLIP);
      Optimizer.Updates updates = OPTIMIZER.build(network.tf, clipped.parameters());
      network.start(updates.state());
      for (int update = 1; update <= UPDATES; update++) {
        network.run(
            from(update),
            from(update) + BATCH,
            updates.scalars().at(update, RATE),
            updates.updates());
      }
      return network.weights();
    }
  }

  /**
   * The same in micro-batches.
   *
   * @param clear whether the sums are cleared
   * @param sizes of the micro-batches, 32 images together
   */
  private static float[] microBatches(boolean clear, int... sizes) {
    try (SmallNetwork network = new SmallNetwork()) {
      var accumulator = GradientAccumulator.of(network.tf, network.parameters());
      var clipped = ClippedGradients.of(network.tf, accumulator.parameters(), CLIP);
      Optimizer.Updates updates = OPTIMIZER.build(network.tf, clipped.parameters());
      network.start(updates.state());
      StateVariables sums = new StateVariables(network.tf, accumulator.state());
      sums.initialize(network.session);
      List<Op> last = new ArrayList<>(updates.updates());
      if (clear) {
        last.addAll(accumulator.clear());
      }
      for (int update = 1; update <= UPDATES; update++) {
        int from = from(update);
        for (int i = 0; i < sizes.length; i++) {
          Map<Placeholder<TFloat32>, Float> scalars =
              new HashMap<>(accumulator.scalars(sizes[i], BATCH));
          boolean isLast = i == sizes.length - 1;
          if (isLast) {
            scalars.putAll(updates.scalars().at(update, RATE));
          }
          network.run(from, from + sizes[i], scalars, isLast ? last : accumulator.accumulate());
          from += sizes[i];
        }
      }
      try (NamedTensors saved = sums.save(network.session)) {
        saved.shapes().forEach((name, shape) -> assertSum(saved, name, shape.size(), clear));
      }
      return network.weights();
    }
  }

  private static void assertSum(NamedTensors saved, String name, long size, boolean cleared) {
    float[] values = new float[(int) size];
    saved.read(name, FloatBuffer.wrap(values));
    if (cleared) {
      assertThat(values).as(name).containsOnly(0f);
    } else {
      assertThat(values).as(name).doesNotContain(0f);
    }
  }

  @Test
  void microBatchesMakeTheUpdateOfTheirBatch() {
    float[] whole = wholeBatches();
    assertThat(OptimizerFixtures.difference(microBatches(true, 16, 16), whole)).isLessThan(1e-6);
    assertThat(OptimizerFixtures.difference(microBatches(true, 12, 12, 8), whole)).isLessThan(1e-6);
    assertThat(OptimizerFixtures.difference(microBatches(true, 1, 30, 1), whole)).isLessThan(1e-6);
  }

  @Test
  void oneMicroBatchKeepsEveryBit() {
    assertThat(microBatches(true, BATCH)).isEqualTo(wholeBatches());
  }

  @Test
  void repeatsBitByBit() {
    assertThat(microBatches(true, 12, 12, 8)).isEqualTo(microBatches(true, 12, 12, 8));
  }

  /** What the first test would miss if it could not tell. */
  @Test
  void sumsThatAreNotClearedShow() {
    assertThat(OptimizerFixtures.difference(microBatches(false, 16, 16), wholeBatches()))
        .isGreaterThan(1e-2);
  }
}
