package dev.mixer4j.finetune.optim;

import java.util.Locale;

/**
 * How the learning rate goes over a run's updates. It is {@code create_learning_rate_schedule} of
 * google-research/vision_transformer's {@code vit_jax/utils.py}, from which the Mixer paper's
 * fine-tuning takes its rates (with {@link #LINEAR_END}), and optax's schedules of the same names.
 *
 * @param decay from base to end, over the updates after the warm-up
 * @param base the rate where neither warm-up nor decay lowers it
 * @param end the rate after the last update; {@link Decay#CONSTANT} does without
 * @param warmupSteps the rate grows from 0 in proportion during so many updates
 * @param totalSteps updates in the run
 */
public record Schedule(Decay decay, double base, double end, long warmupSteps, long totalSteps) {

  /** Where vit_jax's linear decay ends, whatever its base; its cosine ends at 0. */
  public static final double LINEAR_END = 1e-5;

  /** The course from base to end. */
  public enum Decay {
    /** Stays at the base. */
    CONSTANT {
      @Override
      double left(double progress) {
        return 1;
      }
    },
    /** A straight line. */
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

    /** The share of the way from end to base that is left, with {@code progress} in [0, 1]. */
    abstract double left(double progress);

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they make no schedule
   */
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

  /** The same rate for every update. */
  public static Schedule constant(double rate, long totalSteps) {
    return new Schedule(Decay.CONSTANT, rate, rate, 0, totalSteps);
  }

  /**
   * The learning rate of one update.
   *
   * @param step how many updates came before: the first is 0, as vit_jax counts, so that with a
   *     warm-up it changes nothing
   */
  public double at(long step) {
    double done = (double) (step - warmupSteps) / (totalSteps - warmupSteps);
    double rate = end + (base - end) * decay.left(Math.max(0, Math.min(1, done)));
    return step < warmupSteps ? rate * step / warmupSteps : rate;
  }
}
