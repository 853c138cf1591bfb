package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Initializer.TorchUniform;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * A linear layer, {@code x · kernel + bias}: [rows, in] to [rows, out]. Without outputs it has no
 * variables and returns its input, as the head of a network without classes.
 *
 * @param name start of the variables' names
 * @param in size of an input
 * @param out size of an output; 0 for none
 * @param kernel initial values of the kernel, [in, out]
 * @param bias initial values of the bias, [out]
 */
public record Dense(String name, int in, int out, Initializer kernel, Initializer bias)
    implements Layer {

  /** A factory of dense layers, which chooses their initial values. */
  @FunctionalInterface
  public interface Maker {

    /**
     * {@return a layer}
     *
     * @param name start of the variables' names
     * @param in size of an input
     * @param out size of an output
     */
    Dense make(String name, int in, int out);
  }

  /**
   * {@return a layer with PyTorch's default initial values}
   *
   * @param name start of the variables' names
   * @param in size of an input
   * @param out size of an output
   */
  public static Dense torch(String name, int in, int out) {
    return new Dense(name, in, out, TorchUniform.weight(in), TorchUniform.bias(in));
  }

  @Override
  public List<Variable> variables() {
    return out == 0
        ? List.of()
        : List.of(
            new Variable(name + "/kernel", Shape.of(in, out), kernel),
            new Variable(name + "/bias", Shape.of(out), bias));
  }

  /** Computes the product in float32, whatever the precision of the pass; for heads. */
  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    return apply(pass, x, Precision.FLOAT32);
  }

  /**
   * {@return the output, [rows, out]; x itself if there are no outputs}
   *
   * @param pass the graph and the variables' values
   * @param x [rows, in]
   * @param precision of the product
   */
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x, Precision precision) {
    if (out == 0) {
      return x;
    }
    Operand<TFloat32> product = precision.matMul(pass.tf(), x, pass.value(name + "/kernel"));
    return pass.tf().nn.biasAdd(product, pass.value(name + "/bias"));
  }
}
