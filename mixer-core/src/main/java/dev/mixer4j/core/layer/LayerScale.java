package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * A learned factor for each channel of a residual branch (arXiv 2103.17239, section 2): [..., size]
 * to the same shape.
 *
 * @param name of the variable
 * @param size of the last axis
 * @param start initial value of all factors
 */
public record LayerScale(String name, int size, float start) implements Layer {

  @Override
  public List<Variable> variables() {
    return List.of(new Variable(name, Shape.of(size), new Initializer.Constant(start)));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    return pass.tf().math.mul(x, pass.value(name));
  }
}
