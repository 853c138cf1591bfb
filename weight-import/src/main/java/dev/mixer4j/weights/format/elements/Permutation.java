package dev.mixer4j.weights.format.elements;

import java.nio.FloatBuffer;
import java.util.stream.IntStream;
import org.tensorflow.ndarray.Shape;

/**
 * Changes the order of a tensor's axes: axis {@code i} of the result is axis {@code axes[i]} of the
 * source, as in {@code numpy.transpose}.
 */
public final class Permutation {

  private static final int TILE = 32;

  private Permutation() {}

  public static Shape apply(Shape source, int... axes) {
    return Shape.of(IntStream.of(axes).mapToLong(axis -> source.get(axis)).toArray());
  }

  /** The row-major strides of a shape, in elements. */
  public static long[] strides(Shape shape) {
    long[] strides = new long[shape.numDimensions()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return strides;
  }

  /** Copies a row-major tensor to {@code to} with its axes in another order. */
  public static void copy(FloatBuffer from, Shape source, FloatBuffer to, int... axes) {
    long[] strides = strides(source);
    long[] reordered = IntStream.of(axes).mapToLong(axis -> strides[axis]).toArray();
    gather(from, 0, apply(source, axes), reordered, to);
  }

  /**
   * Copies a strided view of {@code from}, row by row; offset, relative to its position, and
   * strides are in elements. It needs an array, several times as fast as a buffer's own methods.
   */
  public static void gather(
      FloatBuffer from, long offset, Shape shape, long[] strides, FloatBuffer to) {
    if (shape.size() == 0) {
      return;
    }
    float[] source = from.array();
    int first = from.arrayOffset() + from.position() + (int) offset;
    int rank = shape.numDimensions();
    if (rank == 2) {
      tiled(source, first, shape, strides, to);
      return;
    }
    int[] index = new int[rank];
    long at = first;
    for (long n = shape.size(); n > 0; n--) {
      to.put(source[(int) at]);
      for (int axis = rank - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++index[axis] < shape.get(axis)) {
          break;
        }
        at -= strides[axis] * index[axis];
        index[axis] = 0;
      }
    }
  }

  /**
   * In tiles, because one side of a transposition strides through memory, and a band of rows at a
   * time, because an array is faster to fill than a buffer.
   */
  private static void tiled(
      float[] source, int first, Shape shape, long[] strides, FloatBuffer to) {
    int rows = (int) shape.get(0);
    int columns = (int) shape.get(1);
    int down = (int) strides[0];
    int right = (int) strides[1];
    float[] band = new float[Math.min(TILE, rows) * columns];
    for (int top = 0; top < rows; top += TILE) {
      int height = Math.min(TILE, rows - top);
      for (int left = 0; left < columns; left += TILE) {
        int end = Math.min(left + TILE, columns);
        for (int i = 0; i < height; i++) {
          int row = first + (top + i) * down;
          for (int j = left; j < end; j++) {
            band[i * columns + j] = source[row + j * right];
          }
        }
      }
      to.put(band, 0, height * columns);
    }
  }
}
