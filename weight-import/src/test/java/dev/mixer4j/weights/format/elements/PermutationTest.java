package dev.mixer4j.weights.format.elements;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;

class PermutationTest {

  /** numpy.transpose by its definition, one coordinate at a time. */
  private static float[] naive(float[] source, int[] sizes, int[] axes) {
    float[] result = new float[source.length];
    for (int flat = 0; flat < source.length; flat++) {
      int[] at = new int[sizes.length];
      for (int axis = sizes.length - 1, rest = flat; axis >= 0; rest /= sizes[axis--]) {
        at[axis] = rest % sizes[axis];
      }
      int target = 0;
      for (int axis : axes) {
        target = target * sizes[axis] + at[axis];
      }
      result[target] = source[flat];
    }
    return result;
  }

  private static Shape shape(int[] sizes) {
    return Shape.of(IntStream.of(sizes).asLongStream().toArray());
  }

  @Test
  void copyIsNumpysTranspose() {
    Random random = new Random(1);
    for (int n = 0; n < 500; n++) {
      int rank = 1 + random.nextInt(5);
      // Two axes are copied in tiles of 32.
      int[] sizes = random.ints(rank, 1, rank == 2 ? 71 : 7).toArray();
      List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
      Collections.shuffle(order, random);
      int[] axes = order.stream().mapToInt(i -> i).toArray();
      float[] source = floats(random, (int) shape(sizes).size());

      // Neither buffer starts at its position 0.
      FloatBuffer from = FloatBuffer.allocate(source.length + 3).put(3, source).position(3);
      FloatBuffer to = FloatBuffer.allocate(source.length + 2).position(2);
      Permutation.copy(from, shape(sizes), to, axes);

      assertThat(to.position()).isEqualTo(source.length + 2);
      float[] copied = new float[source.length];
      to.get(2, copied);
      assertThat(copied)
          .as("shape %s, axes %s", shape(sizes), order)
          .isEqualTo(naive(source, sizes, axes));
    }
  }

  @Test
  void twiceThereAndBack() {
    float[] source = floats(new Random(2), 2 * 3 * 5 * 7);
    FloatBuffer there = FloatBuffer.allocate(source.length);
    FloatBuffer back = FloatBuffer.allocate(source.length);
    Permutation.copy(FloatBuffer.wrap(source), Shape.of(2, 3, 5, 7), there, 2, 3, 1, 0);
    Permutation.copy(there.flip(), Shape.of(5, 7, 3, 2), back, 3, 2, 0, 1);
    assertThat(back.array()).isEqualTo(source);
  }

  @Test
  void gatherFollowsOffsetAndStrides() {
    float[] source = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    assertThat(gather(source, 1, Shape.of(2, 2), 6, 2)).containsExactly(1, 3, 7, 9);
    assertThat(gather(source, 2, Shape.of(3), 4)).containsExactly(2, 6, 10);
    assertThat(gather(source, 0, Shape.of(2, 1, 3), 1, 100, 4)).containsExactly(0, 4, 8, 1, 5, 9);
    assertThat(gather(source, 11, Shape.scalar())).containsExactly(11);
    assertThat(gather(source, 0, Shape.of(4, 0), 1, 1)).isEmpty();
  }

  private static float[] gather(float[] source, long offset, Shape shape, long... strides) {
    FloatBuffer to = FloatBuffer.allocate((int) shape.size());
    Permutation.gather(FloatBuffer.wrap(source), offset, shape, strides, to);
    assertThat(to.hasRemaining()).isFalse();
    return to.array();
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
