package dev.mixer4j.finetune.optim;

import java.util.Locale;

/**
 * The learning rate over a run's updates: {@code create_learning_rate_schedule} of
 * google-research/vision_transformer's {@code vit_jax/utils.py}, which the Mixer paper fine-tunes
 * with (and {@link #LINEAR_END}), and optax's schedules of the same names.
 *
 * @param decay from base to end, over the updates after the warm-up
 * @param end the rate after the last update; unused by {@link Decay#CONSTANT}
 * @param warmupSteps updates in which the rate grows linearly from 0
 */
public record Schedule(Decay decay, double base, double end, long warmupSteps, long totalSteps) {

  /** The end of vit_jax's linear decay, for any base; its cosine ends at 0. */
  public static final double LINEAR_END = 1e-5;

  public enum Decay {
    CONSTANT,
    LINEAR,
    /** Half a wave (arXiv 1608.03983, equation 5). */
    COSINE;

    /** The share of {@code base − end} that is left, with {@code progress} in [0, 1]. */
    private double left(double progress) {
      return switch (this) {
        case CONSTANT -> 1;
        case LINEAR -> 1 - progress;
        case COSINE -> 0.5 * (1 + Math.cos(Math.PI * progress));
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public Schedule {
    require(base > 0 && Double.isFinite(base), "a learning rate above 0", base);
    require(end >= 0 && end <= base, "a last learning rate of 0 to " + base, end);
    require(totalSteps > 0, "a number of steps above 0", totalSteps);
    require(
        warmupSteps >= 0 && warmupSteps < totalSteps,
        "fewer warm-up steps than the run's " + totalSteps,
        warmupSteps);
  }

  private static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException("expected " + expected + ", found " + found);
    }
  }

  /** The rate of a step, counted from 0 as in vit_jax: with a warm-up, step 0 changes nothing. */
  public double at(long step) {
    double done = (double) (step - warmupSteps) / (totalSteps - warmupSteps);
    double rate = end + (base - end) * decay.left(Math.max(0, Math.min(1, done)));
    return step < warmupSteps ? rate * step / warmupSteps : rate;
  }
}
