package dev.mixer4j.core.layer;

import dev.mixer4j.core.Initializer;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variable;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * An affine map of each channel, {@code alpha · x + beta} (arXiv 2105.03404, section 2): [...,
 * size] to the same shape.
 *
 * @param name start of the variables' names
 * @param size of the last axis
 */
public record Affine(String name, int size) implements Layer {

  @Override
  public List<Variable> variables() {
    return List.of(
        new Variable(name + "/alpha", Shape.of(size), Initializer.ONES),
        new Variable(name + "/beta", Shape.of(size), Initializer.ZEROS));
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    Operand<TFloat32> scaled = pass.tf().math.mul(x, pass.value(name + "/alpha"));
    return pass.tf().math.add(scaled, pass.value(name + "/beta"));
  }
}
