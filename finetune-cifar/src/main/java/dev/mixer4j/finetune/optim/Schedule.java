package dev.mixer4j.finetune.optim;

import java.util.Locale;

/**
 * The learning rate over a run's updates: {@code create_learning_rate_schedule} of
 * google-research/vision_transformer's {@code vit_jax/utils.py} with {@link #LINEAR_END}, and
 * optax's schedules of the same names.
 *
 * @param decay the course from base to end, after the warm-up
 * @param base the rate before decay
 * @param end the rate after the last update, unless constant
 * @param warmupSteps updates during which the rate grows from 0 in proportion
 * @param totalSteps updates in the run
 */
public record Schedule(Decay decay, double base, double end, long warmupSteps, long totalSteps) {

  /** The end of vit_jax's linear decay, whatever its base; its cosine ends at 0. */
  public static final double LINEAR_END = 1e-5;

  /** The course from base to end. */
  public enum Decay {
    CONSTANT {
      @Override
      double left(double progress) {
        return 1;
      }
    },
    LINEAR {
      @Override
      double left(double progress) {
        return 1 - progress;
      }
    },
    /** Half a wave (arXiv 1608.03983, equation 5). */
    COSINE {
      @Override
      double left(double progress) {
        return 0.5 * (1 + Math.cos(Math.PI * progress));
      }
    };

    /** The share of the way from end to base that is left at a progress in [0, 1]. */
    abstract double left(double progress);

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Checks the numbers. */
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

  public static Schedule constant(double rate, long totalSteps) {
    return new Schedule(Decay.CONSTANT, rate, rate, 0, totalSteps);
  }

  /**
   * The rate of the update after {@code step} others; as in vit_jax, the first update of a warm-up
   * has rate 0.
   */
  public double at(long step) {
    double done = (double) (step - warmupSteps) / (totalSteps - warmupSteps);
    double rate = end + (base - end) * decay.left(Math.max(0, Math.min(1, done)));
    return step < warmupSteps ? rate * step / warmupSteps : rate;
  }
}
