package dev.mixer4j.weights;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.Rgb;

/**
 * What a caller decides in place of the file. Null leaves it to the file, and where the file does
 * not say, to its format: Flax's weights use the tanh form of GELU, timm's the exact one, and both
 * scale pixels to [-1, 1].
 *
 * @param classes a head of so many classes, all zero, in place of the file's; 0 for no head
 * @param gelu the activation's form
 * @param mean of pixels scaled to [0, 1]
 * @param std of pixels scaled to [0, 1]
 */
public record ImportOptions(Integer classes, Gelu gelu, Rgb mean, Rgb std) {

  /** Everything as the file has it. */
  public static final ImportOptions NONE = new ImportOptions(null, null, null, null);
}
