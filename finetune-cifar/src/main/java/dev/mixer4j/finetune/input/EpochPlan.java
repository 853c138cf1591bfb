package dev.mixer4j.finetune.input;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * One epoch's chances, which depend on seed and epoch alone: any epoch's can be computed without
 * those before it.
 *
 * @param order the images in the order they are trained on
 * @param flips whether each one, by its place in that order, is mirrored
 */
public record EpochPlan(int[] order, boolean[] flips) {

  /**
   * Draws an epoch.
   *
   * @param epoch counts from 1
   * @param images how many there are
   * @param shuffle whether the order is random; otherwise it is the data's
   * @param augment whether every other image, on average, is mirrored
   */
  public static EpochPlan of(long seed, int epoch, int images, boolean shuffle, boolean augment) {
    int[] order = IntStream.range(0, images).toArray();
    if (shuffle) {
      shuffle(order, new Random(Seeds.derive(seed, Seeds.ORDER, epoch)));
    }
    boolean[] flips = new boolean[images];
    if (augment) {
      Random random = new Random(Seeds.derive(seed, Seeds.FLIPS, epoch));
      for (int i = 0; i < images; i++) {
        flips[i] = random.nextBoolean();
      }
    }
    return new EpochPlan(order, flips);
  }

  /** Fisher and Yates's: every order is as likely as another. */
  private static void shuffle(int[] values, Random random) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
  }

  /** The images of places {@code from} to {@code to} (exclusive). */
  public int[] order(int from, int to) {
    return Arrays.copyOfRange(order, from, to);
  }

  /** The flips of places {@code from} to {@code to} (exclusive). */
  public boolean[] flips(int from, int to) {
    return Arrays.copyOfRange(flips, from, to);
  }
}
