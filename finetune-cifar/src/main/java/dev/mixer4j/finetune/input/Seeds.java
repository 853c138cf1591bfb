package dev.mixer4j.finetune.input;

/** Seeds for each purpose, derived from the one seed of a run. */
final class Seeds {

  /** Purposes: the first number after the run's seed. Other numbers would change old runs. */
  static final long ORDER = 1;

  static final long FLIPS = 2;
  static final long CROPS = 3;
  static final long MIXUP = 4;
  static final long DROP = 5;

  private Seeds() {}

  /** A seed for one purpose and epoch or step, independent of the seeds of others. */
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
