package dev.mixer4j.core.network;

import dev.mixer4j.core.Network;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * The shapes of a file's tensors, under the names of a network's variables. {@link Family#infer}
 * reads the geometry of a network off them.
 *
 * @param byName the shape of each tensor
 */
public record Shapes(Map<String, Shape> byName) {

  boolean has(String name) {
    return byName.containsKey(name);
  }

  /**
   * The size of one axis.
   *
   * @param rank the number of axes that the tensor must have
   * @throws IllegalArgumentException if there is no such tensor, or it has another number of axes
   */
  int size(String name, int axis, int rank) {
    Shape shape = byName.get(name);
    Networks.check(shape != null, "no tensor for %s", name);
    Networks.check(
        shape.numDimensions() == rank,
        "%s: expected %d dimensions, found shape %s",
        name,
        rank,
        shape);
    return (int) shape.get(axis);
  }

  /** The number of classes of the head; 0 if there is no head. */
  int classes() {
    boolean head = byName.keySet().stream().anyMatch(name -> name.startsWith(Network.HEAD));
    return head ? size("head/kernel", 1, 2) : 0;
  }

  /** One more than the highest number behind a prefix: the number of blocks. */
  int count(String prefix) {
    return byName.keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .mapToInt(
            name ->
                1
                    + Integer.parseInt(
                        name.substring(prefix.length(), name.indexOf('/', prefix.length()))))
        .max()
        .orElse(0);
  }
}
