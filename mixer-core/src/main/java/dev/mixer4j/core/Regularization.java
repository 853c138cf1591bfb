package dev.mixer4j.core;

/**
 * The rates of dropout and stochastic depth in training.
 *
 * @param dropout share of activations dropped after each hidden dense layer
 * @param stochasticDepth share of images for which each residual branch of the last block is
 *     skipped (arXiv 1603.09382); the rate rises linearly from 0 in the first block, but is the
 *     same in all blocks of a ResMLP
 */
public record Regularization(float dropout, float stochasticDepth) {

  /** Nothing dropped. */
  public static final Regularization NONE = new Regularization(0, 0);

  /**
   * Checks the shares.
   *
   * @param dropout in [0, 1)
   * @param stochasticDepth in [0, 1)
   * @throws IllegalArgumentException if one is not in [0, 1)
   */
  public Regularization {
    check("dropout", dropout);
    check("stochasticDepth", stochasticDepth);
  }

  private static void check(String name, float share) {
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1), found " + share);
    }
  }

  /**
   * The share of images that skip a branch of one block, as in {@code mlp_mixer.py} of
   * google-research/big_vision. Unlike there, branches that stay are scaled up, as in timm, so that
   * inference needs no scale.
   *
   * @param block counts from 0
   */
  float stochasticDepth(int block, int blocks) {
    return stochasticDepth * block / Math.max(blocks - 1, 1);
  }
}
