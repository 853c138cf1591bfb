package dev.mixer4j.weights.format;

import java.nio.file.Path;
import org.tensorflow.ndarray.Shape;

/**
 * The name, dtype and shape of a tensor in a file.
 *
 * @param name its name in the file
 * @param dtype its element type in the file
 * @param shape its shape in the file; at most {@link #MAX_ELEMENTS} elements
 */
public record TensorInfo(String name, DType dtype, Shape shape) {

  /** The float32 values that fit a Java byte buffer; H/14's largest tensor has 6.6 million. */
  public static final long MAX_ELEMENTS = Integer.MAX_VALUE / 4;

  /** NumPy's and PyTorch's own bound on dimensions. */
  private static final int MAX_RANK = 64;

  /** {@return the number of elements, which fits an int} */
  public int elements() {
    return (int) shape.size();
  }

  /** {@return the number of bytes in the file} */
  public long bytes() {
    return (long) elements() * dtype.size();
  }

  /**
   * {@return a tensor of a checked shape}
   *
   * @param file for messages
   * @param name the tensor's name
   * @param dtype its element type
   * @param sizes that the file claims
   * @throws MalformedFileException if a size is negative, they multiply to over {@link
   *     #MAX_ELEMENTS} or are more than 64
   */
  public static TensorInfo checked(Path file, String name, DType dtype, long... sizes) {
    if (sizes.length > MAX_RANK) {
      throw new MalformedFileException(
          "%s: tensor '%s': expected at most %d dimensions, found %d"
              .formatted(file, name, MAX_RANK, sizes.length));
    }
    long elements = 1;
    for (long size : sizes) {
      if (size < 0 || size > MAX_ELEMENTS) {
        throw new MalformedFileException(
            "%s: tensor '%s': expected sizes of 0 to %d, found %d; the file is damaged"
                .formatted(file, name, MAX_ELEMENTS, size));
      }
      elements = Math.multiplyExact(elements, size); // both below 2^30, so no overflow
      if (elements > MAX_ELEMENTS) {
        throw new MalformedFileException(
            "%s: tensor '%s': expected at most %d elements, found shape %s"
                .formatted(file, name, MAX_ELEMENTS, Shape.of(sizes)));
      }
    }
    return new TensorInfo(name, dtype, Shape.of(sizes));
  }
}
