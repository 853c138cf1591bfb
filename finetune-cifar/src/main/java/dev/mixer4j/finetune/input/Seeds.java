package dev.mixer4j.finetune.input;

/** One seed for a run, and others derived from it for each use. */
final class Seeds {

  /** Purposes: the first number after the run's seed. Another number would change old runs. */
  static final long ORDER = 1;

  static final long FLIPS = 2;
  static final long CROPS = 3;
  static final long MIXUP = 4;
  static final long DROP = 5;

  private Seeds() {}

  /**
   * A seed for one purpose: it looks independent of those for other numbers, however near they are.
   *
   * @param numbers what the use is numbered by, such as an epoch
   */
  static long derive(long seed, long... numbers) {
    long mixed = mix(seed);
    for (long number : numbers) {
      mixed = mix(mixed + number);
    }
    return mixed;
  }

  /** The step of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, figure 16). */
  private static long mix(long state) {
    long z = state + 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
