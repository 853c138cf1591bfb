package dev.mixer4j.finetune.input;

import java.util.Random;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Mixup (arXiv 1710.09412): blends images and, in the same shares, their labels. As in
 * google-research/vision_transformer and timm, one share serves a whole batch, and the partner of
 * an image is at its place counted from the end of the batch.
 *
 * @param alpha both parameters of the Beta distribution of the share, above 0; small ones mix
 *     little
 */
public record Mixup(double alpha) {

  public Mixup {
    if (!(alpha > 0 && Double.isFinite(alpha))) {
      throw new IllegalArgumentException("mixup's alpha must be above 0, found " + alpha);
    }
  }

  /** The share of one step, counting from 1; in [0, 1], and the same on every machine. */
  public float lambda(long seed, long step) {
    Random random = new Random(Seeds.derive(seed, Seeds.MIXUP, step));
    double x = logGamma(random);
    double y = logGamma(random);
    return (float) (1 / (1 + StrictMath.exp(y - x))); // X / (X + Y) of two Gammas is a Beta
  }

  /**
   * The logarithm of a number from the Gamma distribution with shape alpha, by the rejection of
   * Marsaglia and Tsang (ACM TOMS 26, 2000). It needs a shape of 1 or more: a number from shape
   * alpha + 1 times {@code u^(1/alpha)} has shape alpha (their section 6). For a small alpha such
   * numbers underflow, hence the logarithm.
   */
  private double logGamma(Random random) {
    double d = alpha + 1 - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double root = 1 + c * x;
      double v = root * root * root;
      double u = 1 - random.nextDouble(); // in (0, 1], which has a logarithm
      if (v > 0 && StrictMath.log(u) < x * x / 2 + d * (1 - v + StrictMath.log(v))) {
        return StrictMath.log(d * v) + StrictMath.log(1 - random.nextDouble()) / alpha;
      }
    }
  }

  /** Blends a batch with itself reversed: {@code lambda · x + (1 − lambda) · reversed}. */
  public static Operand<TFloat32> blend(Ops tf, Operand<TFloat32> batch, Operand<TFloat32> lambda) {
    Operand<TFloat32> partners = tf.reverse(batch, tf.array(0));
    Operand<TFloat32> rest = tf.math.sub(tf.constant(1f), lambda);
    return tf.math.add(tf.math.mul(lambda, batch), tf.math.mul(rest, partners));
  }
}
