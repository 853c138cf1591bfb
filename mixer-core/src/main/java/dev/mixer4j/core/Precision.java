package dev.mixer4j.core;

import java.util.Locale;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;

/**
 * How many bits the products of the network's MLPs are made of. Weights, sums, normalisation, GELU,
 * stem and head are float32 in each; so are gradients once they leave a product.
 */
public enum Precision {
  /** 24 significant bits. */
  FLOAT32,
  /**
   * 11 significant bits on GPUs that have TF32, as on an A100 or H100, and {@link #FLOAT32}
   * elsewhere. In the graph both are the same: TensorFlow chooses between them for a whole process,
   * and begins with TF32.
   */
  TF32,
  /** 8 significant bits, as in {@code torch.autocast}: for GPUs and processors that have it. */
  BFLOAT16 {
    @Override
    Operand<TFloat32> matMul(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
      Operand<TBfloat16> product =
          tf.linalg.matMul(tf.dtypes.cast(a, TBfloat16.class), tf.dtypes.cast(b, TBfloat16.class));
      return tf.dtypes.cast(product, TFloat32.class);
    }
  };

  Operand<TFloat32> matMul(Ops tf, Operand<TFloat32> a, Operand<TFloat32> b) {
    return tf.linalg.matMul(a, b);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
