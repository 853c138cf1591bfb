package dev.mixer4j.finetune.input;

import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * The order and flips of one epoch, which depend on seed and epoch alone.
 *
 * @param order the indices of the images
 * @param flips whether each image, by its place in the order, is mirrored
 */
public record EpochPlan(int[] order, boolean[] flips) {

  /** Draws an epoch, counting from 1; without shuffling, the order is the data's. */
  public static EpochPlan of(long seed, int epoch, int images, boolean shuffle, boolean augment) {
    Integer[] order = IntStream.range(0, images).boxed().toArray(Integer[]::new);
    if (shuffle) {
      Collections.shuffle(Arrays.asList(order), new Random(Seeds.derive(seed, Seeds.ORDER, epoch)));
    }
    boolean[] flips = new boolean[images];
    if (augment) {
      Random random = new Random(Seeds.derive(seed, Seeds.FLIPS, epoch));
      for (int i = 0; i < images; i++) {
        flips[i] = random.nextBoolean();
      }
    }
    return new EpochPlan(Arrays.stream(order).mapToInt(index -> index).toArray(), flips);
  }
}
