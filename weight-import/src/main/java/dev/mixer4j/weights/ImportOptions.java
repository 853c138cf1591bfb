package dev.mixer4j.weights;

import java.util.List;
import java.util.Map;

/**
 * The options for opening a checkpoint that override what its file says.
 *
 * <pre>{@code
 * ImportOptions options =
 *     new ImportOptions(10, Map.of("gelu", "erf"), List.of(0f), List.of(1f)); // pixels in [0, 1]
 * Checkpoint checkpoint = Checkpoint.open(Path.of("mixer.pth"), options);
 * }</pre>
 *
 * <p>Whatever is null or empty is left to the file and, if the file does not say, to its format:
 * Flax's Mixers use the tanh form of GELU, timm's the exact one, and pixels are scaled to [-1, 1].
 *
 * @param classes classes of a new head, all zero, in place of the file's; 0 for no head; or null
 * @param settings of the network by name, such as {@code gelu}; or empty
 * @param mean of pixels scaled to [0, 1], one value or one for each channel; or null
 * @param std of pixels scaled to [0, 1], one value or one for each channel; or null
 * @param part the entry of a training state, or the start of the tensors' names, that has the
 *     network, where a file has several; or null
 */
public record ImportOptions(
    Integer classes, Map<String, String> settings, List<Float> mean, List<Float> std, String part) {

  /** No options: everything as in the file. */
  public static final ImportOptions NONE = new ImportOptions(null, Map.of(), null, null);

  /**
   * Options for a file that has one network.
   *
   * @param classes of a new head; 0 for no head; or null
   * @param settings of the network by name; or empty
   * @param mean one value or one for each channel; or null
   * @param std one value or one for each channel; or null
   */
  public ImportOptions(
      Integer classes, Map<String, String> settings, List<Float> mean, List<Float> std) {
    this(classes, settings, mean, std, null);
  }
}
