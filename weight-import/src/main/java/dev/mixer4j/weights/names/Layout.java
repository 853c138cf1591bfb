package dev.mixer4j.weights.names;

import dev.mixer4j.weights.format.elements.Permutation;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.tensorflow.ndarray.Shape;

/**
 * The steps by which a tensor of a file becomes a variable: the first axis is cut into equal parts,
 * of which one is taken, numbered from 0; then axes and shape change. The elements move in one of
 * the steps at most.
 */
public record Layout(int part, int parts, List<Step> steps) {

  static final Layout SAME = new Layout(0, 1, List.of());

  private sealed interface Step {
    Shape shape(Shape source);

    Step inverse();
  }

  /** Another order of axes: axis {@code i} of the result is axis {@code order[i]} of the source. */
  private record Axes(int... order) implements Step {
    @Override
    public Shape shape(Shape source) {
      check(
          source.numDimensions() == order.length,
          order.length + " dimensions, found shape " + source);
      return Permutation.apply(source, order);
    }

    @Override
    public Step inverse() {
      int[] inverse = new int[order.length];
      for (int i = 0; i < inverse.length; i++) {
        inverse[order[i]] = i;
      }
      return new Axes(inverse);
    }
  }

  /** An axis of size 1 that goes, or comes. */
  private record Squeeze(int axis, boolean goes) implements Step {
    @Override
    public Shape shape(Shape source) {
      List<Long> sizes = new ArrayList<>(sizes(source));
      if (goes) {
        check(
            sizes.size() > axis && sizes.get(axis) == 1,
            "size 1 of axis %d, found shape %s".formatted(axis, source));
        sizes.remove(axis);
      } else {
        sizes.add(axis, 1L);
      }
      return shapeOf(sizes);
    }

    @Override
    public Step inverse() {
      return new Squeeze(axis, !goes);
    }
  }

  /** Other sizes for the same elements; one on each side may be -1, for what is left. */
  private record Reshape(List<Long> from, List<Long> to) implements Step {
    @Override
    public Shape shape(Shape source) {
      check(filled(from, source).equals(source), from + ", found shape " + source);
      return filled(to, source);
    }

    private static Shape filled(List<Long> sizes, Shape source) {
      long known = sizes.stream().filter(size -> size >= 0).reduce(1L, Math::multiplyExact);
      long rest = known == 0 ? 0 : source.size() / known;
      List<Long> filled = new ArrayList<>(sizes);
      Collections.replaceAll(filled, -1L, rest);
      Shape shape = shapeOf(filled);
      check(shape.size() == source.size(), sizes + ", found shape " + source);
      return shape;
    }

    @Override
    public Step inverse() {
      return new Reshape(to, from);
    }
  }

  /**
   * From a matrix of patches' pixels, [patch · patch · channels, size], to a convolution's kernel,
   * [patch, patch, channels, size], or back. The patches are square; they have 3 channels if that
   * leaves a square number of pixels, otherwise 1.
   */
  private record Patches(boolean apart) implements Step {
    @Override
    public Shape shape(Shape source) {
      if (!apart) {
        check(source.numDimensions() == 4, "4 dimensions, found shape " + source);
        return Shape.of(source.get(0) * source.get(1) * source.get(2), source.get(3));
      }
      check(source.numDimensions() == 2, "2 dimensions, found shape " + source);
      for (long channels : new long[] {3, 1}) {
        long patch = Math.round(Math.sqrt(source.get(0) / (double) channels));
        if (patch * patch * channels == source.get(0)) {
          return Shape.of(patch, patch, channels, source.get(1));
        }
      }
      throw new IllegalArgumentException(
          "expected the pixels of square patches of 1 or 3 channels, found shape " + source);
    }

    @Override
    public Step inverse() {
      return new Patches(!apart);
    }
  }

  private static void check(boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException("expected " + expected);
    }
  }

  private static List<Long> sizes(Shape shape) {
    return Arrays.stream(shape.asArray()).boxed().toList();
  }

  private static Shape shapeOf(List<Long> sizes) {
    return Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
  }

  /** Reads the words of a name table's line; {@link NameTable} describes them. */
  static Layout parse(List<String> words) {
    int part = 0;
    int parts = 1;
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      switch (words.get(i)) {
        case "-" -> {}
        case "part" -> {
          String[] numbers = words.get(++i).split("/");
          part = Integer.parseInt(numbers[0]) - 1;
          parts = Integer.parseInt(numbers[1]);
        }
        case "squeeze" -> steps.add(new Squeeze(Integer.parseInt(words.get(++i)), true));
        case "patches" -> steps.add(new Patches(true));
        case "reshape" -> {
          String[] sides = words.get(++i).split(":");
          steps.add(new Reshape(parseSizes(sides[0]), parseSizes(sides[1])));
        }
        default ->
            steps.add(
                new Axes(
                    Arrays.stream(words.get(i).split(",")).mapToInt(Integer::parseInt).toArray()));
      }
    }
    if (steps.stream().filter(Axes.class::isInstance).count() > 1) {
      throw new IllegalArgumentException("more than one order of axes: " + words);
    }
    return new Layout(part, parts, List.copyOf(steps));
  }

  private static List<Long> parseSizes(String text) {
    return Arrays.stream(text.replace("*", "-1").split(",")).map(Long::parseLong).toList();
  }

  Layout withoutParts() {
    return new Layout(0, 1, steps);
  }

  /** The way back, into one part of the source. */
  Layout inverse() {
    List<Step> back = new ArrayList<>();
    steps.forEach(step -> back.add(0, step.inverse()));
    return new Layout(part, parts, List.copyOf(back));
  }

  /** Whether the elements stay as they are, and all of them are taken. */
  public boolean keepsElements() {
    return parts == 1 && steps.stream().noneMatch(Axes.class::isInstance);
  }

  /** The result's shape; throws an IllegalArgumentException if the source's is not as expected. */
  public Shape shape(Shape source) {
    Shape shape = cut(source);
    for (Step step : steps) {
      shape = step.shape(shape);
    }
    return shape;
  }

  private Shape cut(Shape source) {
    if (parts == 1) {
      return source;
    }
    check(
        source.numDimensions() > 0 && source.get(0) % parts == 0,
        "a first axis of %d equal parts, found shape %s".formatted(parts, source));
    List<Long> sizes = new ArrayList<>(sizes(source));
    sizes.set(0, source.get(0) / parts);
    return shapeOf(sizes);
  }

  /** Copies the elements of a tensor, which {@code from} has in an array. */
  public void copy(FloatBuffer from, Shape source, FloatBuffer to) {
    Shape shape = cut(source);
    FloatBuffer taken = from.slice(from.position() + part * (int) shape.size(), (int) shape.size());
    move(taken, shape, to);
  }

  /** Copies without cutting, for the way back: a part is put where it belongs by the caller. */
  public void move(FloatBuffer from, Shape source, FloatBuffer to) {
    Shape shape = source;
    for (Step step : steps) {
      if (step instanceof Axes axes) {
        Permutation.copy(from, shape, to, axes.order);
        return;
      }
      shape = step.shape(shape);
    }
    to.put(from);
  }
}
