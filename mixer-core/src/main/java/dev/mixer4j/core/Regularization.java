package dev.mixer4j.core;

/**
 * What training drops at random so that the network does not learn its images by heart.
 *
 * @param dropout share of activations dropped after each dense layer of both MLPs
 * @param stochasticDepth share of images for which each of the last block's MLPs is skipped (arXiv
 *     1603.09382); for the blocks before, it rises linearly from 0 in the first
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
   * The share of images that skip an MLP of one block, as in {@code mlp_mixer.py} of
   * google-research/big_vision; unlike there, branches that stay are scaled up, as in timm, so that
   * inference needs no other scale.
   *
   * @param block counts from 0
   */
  float stochasticDepth(int block, int blocks) {
    return stochasticDepth * block / Math.max(blocks - 1, 1);
  }
}
