package dev.mixer4j.core;

import java.util.Locale;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;

/**
 * The precision of the matrix products of a network's hidden dense layers. Everything else is
 * float32: weights, sums, normalization, activations, convolutions, the head, and gradients outside
 * the products.
 */
public enum Precision {
  /** 24 significant bits. */
  FLOAT32,
  /**
   * 11 significant bits on GPUs that have TF32, such as A100 and H100; {@link #FLOAT32} elsewhere.
   * Both have the same graph: TensorFlow switches TF32 on or off for the whole process, and it is
   * on by default.
   */
  TF32,
  /** 8 significant bits, as in {@code torch.autocast}: for GPUs and CPUs that support it. */
  BFLOAT16 {
    @Override
    public Operand<TFloat32> matMul(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
      Operand<TBfloat16> product =
          tf.linalg.matMul(tf.dtypes.cast(a, TBfloat16.class), tf.dtypes.cast(b, TBfloat16.class));
      return tf.dtypes.cast(product, TFloat32.class);
    }
  };

  /**
   * {@return the product of two matrices, [n, k] float32}
   *
   * @param tf the caller's graph
   * @param a [n, m] float32
   * @param b [m, k] float32
   */
  public Operand<TFloat32> matMul(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.linalg.matMul(a, b);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
