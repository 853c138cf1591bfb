package dev.mixer4j.core.layer;

import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import java.util.stream.Stream;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A part of a network that declares its variables and adds its operations to a graph.
 *
 * <pre>{@code
 * Layer hidden = Dense.torch("hidden", 784, 100);
 * List<Variable> variables = hidden.variables();       // hidden/kernel, hidden/bias
 * Operand<TFloat32> y = hidden.apply(pass, x);         // [batch, 784] to [batch, 100]
 * }</pre>
 */
public interface Layer {

  /** {@return the variables in PyTorch's order: the kernel or scale before the bias} */
  List<Variable> variables();

  /**
   * {@return the layer's output, float32, after adding its operations to a graph}
   *
   * @param pass the graph, the variables' values and the mode
   * @param x the input, float32; the layer's own description has the shapes
   */
  Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x);

  /**
   * {@return the variables of several layers, in the order of the layers}
   *
   * @param layers of a network or of a larger layer
   */
  static List<Variable> variables(Stream<? extends Layer> layers) {
    return layers.flatMap(layer -> layer.variables().stream()).toList();
  }
}
