package dev.mixer4j.core;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * The size of a network: its parameters and the multiply-accumulates of one image.
 *
 * <pre>{@code
 * Profile profile = Profile.of(Networks.preset("Mixer-B/16").orElseThrow());
 * double giga = profile.multiplyAccumulates() / 1e9; // 12.62
 * }</pre>
 *
 * <p>Multiply-accumulates are counted from the operations of the graph as fvcore does, whose
 * figures timm publishes: one for each product that a convolution or a matrix product adds up, and
 * five for each element of a layer norm. Everything else, such as activations and sums, is not
 * counted.
 *
 * @param parameters trainable ones, including the head's
 * @param multiplyAccumulates in inference
 */
public record Profile(long parameters, long multiplyAccumulates) {

  /** Per element of a layer norm, in fvcore/nn/jit_handles.py. */
  private static final long LAYER_NORM = 5;

  /**
   * {@return the profile of a network} Builds its graph, which needs no values.
   *
   * @param network of any family
   * @throws IllegalArgumentException if an operation of the graph cannot be counted: its shapes
   *     depend on values, or it runs other operations
   */
  public static Profile of(Network network) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var input = network.input();
      Shape image = Shape.of(1, input.height(), input.width(), input.channels());
      Map<String, Operand<TFloat32>> values = new LinkedHashMap<>();
      network.shapes().forEach((name, shape) -> values.put(name, placeholder(tf, shape)));
      network.apply(Pass.inference(tf, values::get), placeholder(tf, image));
      long sum = 0;
      for (Iterator<GraphOperation> each = graph.operations(); each.hasNext(); ) {
        sum = Math.addExact(sum, multiplyAccumulates(each.next()));
      }
      return new Profile(network.parameterCount(), sum);
    }
  }

  private static Placeholder<TFloat32> placeholder(Ops tf, Shape shape) {
    return tf.placeholder(TFloat32.class, Placeholder.shape(shape));
  }

  private static long multiplyAccumulates(GraphOperation operation) {
    switch (operation.type()) {
      case "Conv2D" -> {
        Shape kernel = input(operation, 1); // [height, width, inputs, outputs]
        return elements(operation) * (size(operation, kernel) / kernel.get(3));
      }
      case "DepthwiseConv2dNative" -> {
        Shape kernel = input(operation, 1);
        return elements(operation) * kernel.get(0) * kernel.get(1);
      }
      case "MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3" -> {
        return elements(operation) * inner(operation);
      }
      case "Rsqrt" -> {
        return LAYER_NORM * normalized(operation);
      }
      default -> {
        if (operation.type().matches(".*(MatMul|Conv|Einsum|RNN|Call|While|If|Case).*")) {
          throw new IllegalArgumentException(
              "operation %s: expected one whose multiply-accumulates are known, found %s"
                  .formatted(operation.name(), operation.type()));
        }
        return 0;
      }
    }
  }

  /** The axis that a matrix product sums over, whichever of its operands are transposed. */
  private static long inner(GraphOperation product) {
    Shape left = input(product, 0);
    int last = left.numDimensions() - 1;
    Shape result = known(product, product.output(0).shape());
    return left.get(last) * left.get(last - 1) / result.get(result.numDimensions() - 2);
  }

  /**
   * The elements of a layer norm, whose variances this is the root of: one for each token, with a
   * last axis of 1. A batch norm's root, one for each channel, becomes part of the convolution.
   */
  private static long normalized(GraphOperation root) {
    Shape variances = known(root, root.output(0).shape());
    int last = variances.numDimensions() - 1;
    if (last < 1 || variances.get(last) != 1) {
      return 0;
    }
    return root.consumers().stream().mapToLong(Profile::elements).sum();
  }

  private static Shape input(GraphOperation operation, int index) {
    return known(operation, operation.input(index).shape());
  }

  private static long elements(GraphOperation operation) {
    return size(operation, operation.output(0).shape());
  }

  private static long size(GraphOperation operation, Shape shape) {
    return known(operation, shape).size();
  }

  private static Shape known(GraphOperation operation, Shape shape) {
    if (shape.hasUnknownDimension()) {
      throw new IllegalArgumentException(
          "operation %s, %s: expected a shape that is known beforehand, found %s"
              .formatted(operation.name(), operation.type(), shape));
    }
    return shape;
  }
}
