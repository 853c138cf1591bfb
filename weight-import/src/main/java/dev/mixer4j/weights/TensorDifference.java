package dev.mixer4j.weights;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.mixer4j.core.Weights;
import java.nio.FloatBuffer;
import java.util.Locale;
import org.tensorflow.ndarray.Shape;

/**
 * The difference between two networks' values of one variable.
 *
 * <pre>{@code
 * try (Checkpoint a = Checkpoint.open(Path.of("a.h5"));
 *     Checkpoint b = Checkpoint.open(Path.of("b.pth"))) {
 *   TensorDifference difference = TensorDifference.of("head/kernel", a, b);
 *   System.out.println(difference.isNone() ? "equal" : difference.describe());
 * }
 * }</pre>
 *
 * @param name the variable's canonical name
 * @param shapeA its shape in the first
 * @param shapeB its shape in the second; if the two differ, no numbers are compared
 * @param different number of elements whose bits differ
 * @param maxDifference the largest |a − b|; NaN if one of the two is NaN and the other is not
 * @param maxMagnitude the largest |a|, to compare it with
 */
public record TensorDifference(
    String name,
    Shape shapeA,
    Shape shapeB,
    long different,
    double maxDifference,
    double maxMagnitude) {

  /**
   * {@return how two networks' values of a variable differ}
   *
   * @param name a canonical name, of a variable that both networks have
   * @param a the first network's weights
   * @param b the second network's weights
   */
  public static TensorDifference of(String name, Weights a, Weights b) {
    Shape shapeA = a.network().shapes().get(name);
    Shape shapeB = b.network().shapes().get(name);
    if (!shapeA.equals(shapeB)) {
      return new TensorDifference(name, shapeA, shapeB, shapeA.size(), Double.NaN, Double.NaN);
    }
    FloatBuffer x = values(name, shapeA, a);
    FloatBuffer y = values(name, shapeB, b);
    long different = 0;
    double maxDifference = 0;
    double maxMagnitude = 0;
    while (x.hasRemaining()) {
      float left = x.get();
      float right = y.get();
      maxMagnitude = Math.max(maxMagnitude, Math.abs((double) left));
      if (Float.floatToRawIntBits(left) != Float.floatToRawIntBits(right)) {
        different++;
        maxDifference = Math.max(maxDifference, Math.abs((double) left - right));
      }
    }
    return new TensorDifference(name, shapeA, shapeB, different, maxDifference, maxMagnitude);
  }

  private static FloatBuffer values(String name, Shape shape, Weights weights) {
    FloatBuffer values = FloatBuffer.allocate((int) shape.size());
    weights.read(name, values);
    return values.flip();
  }

  /** {@return whether shape and every bit are the same} */
  public boolean isNone() {
    return different == 0 && shapeA.equals(shapeB);
  }

  /** {@return the number of elements in the first network} */
  @JsonProperty
  public long elements() {
    return shapeA.size();
  }

  /** {@return one line for a person, such as {@code head/bias: shape [10] / [100]}} */
  public String describe() {
    if (!shapeA.equals(shapeB)) {
      return "%s: shape %s / %s".formatted(name, shapeA, shapeB);
    }
    return String.format(
        Locale.ROOT,
        "%s: %d of %d elements, max |difference| %.3g of max |A| %.3g",
        name,
        different,
        elements(),
        maxDifference,
        maxMagnitude);
  }
}
