package dev.mixer4j.core.layer;

import dev.mixer4j.core.Pass;
import java.util.Locale;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.GELU;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The Gaussian error linear unit (arXiv 1606.08415, section 2), in its exact form and in its
 * approximation by tanh.
 *
 * <p>The two differ by up to 5e-4 for one value, and by more in a network's logits. The published
 * JAX Mixers were trained with {@link #TANH} ({@code flax.linen.gelu}'s default); timm runs the
 * same weights with {@link #ERF} ({@code torch.nn.GELU}'s default).
 */
public enum Gelu {
  /** {@code x/2 · (1 + erf(x/√2))}, exact. */
  ERF {
    @Override
    Operand<TFloat32> inference(Ops tf, Operand<TFloat32> x) {
      return GELU.gelu(tf, x); // TensorFlow's remapper fuses it with the dense layer before it
    }

    @Override
    Share share(Ops tf, Operand<TFloat32> x) {
      Operand<TFloat32> scaled = tf.math.mul(x, tf.constant((float) Math.sqrt(0.5)));
      Operand<TFloat32> density =
          tf.math.mul(
              tf.math.exp(tf.math.neg(tf.math.square(scaled))),
              tf.constant((float) Math.sqrt(1 / Math.PI)));
      return new Share(half(tf, tf.math.erf(scaled)), tf.math.mul(scaled, density));
    }
  },
  /** {@code x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))}, an approximation. */
  TANH {
    @Override
    Operand<TFloat32> inference(Ops tf, Operand<TFloat32> x) {
      return tf.math.mul(x, half(tf, tf.math.tanh(inner(tf, x, 0.044715f))));
    }

    @Override
    Share share(Ops tf, Operand<TFloat32> x) {
      Operand<TFloat32> tanh = tf.math.tanh(inner(tf, x, 0.044715f));
      Operand<TFloat32> slope =
          tf.math.mul(
              tf.math.sub(tf.constant(0.5f), tf.math.mul(tf.constant(0.5f), tf.math.square(tanh))),
              inner(tf, x, 3 * 0.044715f)); // x times the derivative of what tanh is taken of
      return new Share(half(tf, tanh), slope);
    }

    private Operand<TFloat32> inner(Ops tf, Operand<TFloat32> x, float cubic) {
      Operand<TFloat32> cube = tf.math.mul(x, tf.math.square(x));
      return tf.math.mul(
          tf.constant((float) Math.sqrt(2 / Math.PI)),
          tf.math.add(x, tf.math.mul(tf.constant(cubic), cube)));
    }
  };

  /**
   * The factor of x and its derivative.
   *
   * @param value Φ, so that the result is {@code x·Φ(x)}
   * @param slope x times Φ's derivative, so that the result's derivative is the sum of both
   */
  record Share(Operand<TFloat32> value, Operand<TFloat32> slope) {}

  /** The form that is fastest if no gradient is taken. */
  abstract Operand<TFloat32> inference(Ops tf, Operand<TFloat32> x);

  abstract Share share(Ops tf, Operand<TFloat32> x);

  /**
   * {@return GELU of x, of the same shape}
   *
   * @param pass the graph and the mode
   * @param x float32 of any shape
   */
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    return pass.training() ? training(pass.tf(), x) : inference(pass.tf(), x);
  }

  /**
   * The form that keeps only the derivative for the gradient, where otherwise the inputs of all its
   * operations are kept. This saves a fifth of the memory of a training step of B/16 with 8 images,
   * at the same speed.
   */
  Operand<TFloat32> training(Ops tf, Operand<TFloat32> x) {
    Share share = share(tf, x);
    Operand<TFloat32> derivative = tf.stopGradient(tf.math.add(share.value(), share.slope()));
    // x·(Φ + x·Φ') - x·(x·Φ'); the gradient is taken of the first x only.
    return tf.math.sub(tf.math.mul(x, derivative), tf.stopGradient(tf.math.mul(x, share.slope())));
  }

  /** From [-1, 1] to [0, 1]. */
  private static Operand<TFloat32> half(Ops tf, Operand<TFloat32> y) {
    return tf.math.add(tf.constant(0.5f), tf.math.mul(tf.constant(0.5f), y));
  }

  /**
   * {@return the form of a name that {@link #toString()} returns}
   *
   * @param name {@code erf} or {@code tanh}, in any case
   * @throws IllegalArgumentException if it is another name
   */
  public static Gelu of(String name) {
    for (Gelu gelu : values()) {
      if (gelu.toString().equalsIgnoreCase(name)) {
        return gelu;
      }
    }
    throw new IllegalArgumentException("GELU form must be erf or tanh, not '" + name + "'");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
