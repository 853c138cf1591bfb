package dev.mixer4j.core;

import java.util.Locale;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The two forms of the Gaussian error linear unit (arXiv 1606.08415, section 2) in use for Mixers.
 *
 * <p>They differ by up to 5e-4 for one value, and by more in a network's logits: the published JAX
 * model was trained with {@link #TANH} ({@code flax.linen.gelu}'s default), timm runs the same
 * weights with {@link #ERF} ({@code torch.nn.GELU}'s default).
 */
public enum Gelu {
  /** {@code x/2 · (1 + erf(x/√2))}, exact. */
  ERF {
    @Override
    Operand<TFloat32> apply(Ops tf, Operand<TFloat32> x) {
      // In this order of products TensorFlow's remapper fuses it with the dense layer before it.
      Operand<TFloat32> half = tf.math.mul(tf.constant(0.5f), x);
      Operand<TFloat32> erf = tf.math.erf(tf.math.mul(x, tf.constant((float) Math.sqrt(0.5))));
      return tf.math.mul(half, tf.math.add(tf.constant(1f), erf));
    }
  },
  /** {@code x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))}, an approximation. */
  TANH {
    @Override
    Operand<TFloat32> apply(Ops tf, Operand<TFloat32> x) {
      Operand<TFloat32> cube = tf.math.mul(x, tf.math.square(x));
      Operand<TFloat32> inner =
          tf.math.mul(
              tf.constant((float) Math.sqrt(2 / Math.PI)),
              tf.math.add(x, tf.math.mul(tf.constant(0.044715f), cube)));
      Operand<TFloat32> half = tf.math.mul(tf.constant(0.5f), x);
      return tf.math.mul(half, tf.math.add(tf.constant(1f), tf.math.tanh(inner)));
    }
  };

  abstract Operand<TFloat32> apply(Ops tf, Operand<TFloat32> x);

  /**
   * Reads the name that {@link #toString()} gives.
   *
   * @param name {@code erf} or {@code tanh}, in whatever case
   * @return the form of that name
   * @throws IllegalArgumentException if it is neither {@code erf} nor {@code tanh}
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
