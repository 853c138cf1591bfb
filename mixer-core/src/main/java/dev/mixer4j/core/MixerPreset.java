package dev.mixer4j.core;

import java.util.Optional;

/**
 * The geometries of the paper's table 1 (arXiv 2105.01601), and S/4, the small one with patches fit
 * for images of CIFAR's size. All are defined at 224 pixels.
 */
public enum MixerPreset {
  /** Small, with patches of 32 pixels. */
  S_32("S/32", 32, 512, 8, 256, 2048),
  /** Small, with patches of 16 pixels. */
  S_16("S/16", 16, 512, 8, 256, 2048),
  /** Small, with patches of 4 pixels. */
  S_4("S/4", 4, 512, 8, 256, 2048),
  /** Base, with patches of 32 pixels. */
  B_32("B/32", 32, 768, 12, 384, 3072),
  /** Base, with patches of 16 pixels. */
  B_16("B/16", 16, 768, 12, 384, 3072),
  /** Large, with patches of 32 pixels. */
  L_32("L/32", 32, 1024, 24, 512, 4096),
  /** Large, with patches of 16 pixels. */
  L_16("L/16", 16, 1024, 24, 512, 4096),
  /** Huge, with patches of 14 pixels. */
  H_14("H/14", 14, 1280, 32, 640, 5120);

  private static final int IMAGE_SIZE = 224;

  private final String title;
  private final int patchSize;
  private final int hiddenSize;
  private final int blocks;
  private final int tokensMlpSize;
  private final int channelsMlpSize;

  MixerPreset(
      String title,
      int patchSize,
      int hiddenSize,
      int blocks,
      int tokensMlpSize,
      int channelsMlpSize) {
    this.title = title;
    this.patchSize = patchSize;
    this.hiddenSize = hiddenSize;
    this.blocks = blocks;
    this.tokensMlpSize = tokensMlpSize;
    this.channelsMlpSize = channelsMlpSize;
  }

  /**
   * {@return this geometry at 224 pixels, with {@link MixerConfig#of}'s defaults}
   *
   * @param classes of the head; 0 for none
   * @throws IllegalArgumentException if it is below 0
   */
  public MixerConfig config(int classes) {
    return config(IMAGE_SIZE, classes);
  }

  /**
   * {@return this geometry at another image size}
   *
   * @param imageSize in pixels; a multiple of the patch size
   * @param classes of the head; 0 for none
   * @throws IllegalArgumentException if a number is out of its range
   */
  public MixerConfig config(int imageSize, int classes) {
    return MixerConfig.of(
        imageSize, patchSize, hiddenSize, blocks, tokensMlpSize, channelsMlpSize, classes);
  }

  /**
   * {@return the preset whose geometry this is, at any image size and with any number of classes;
   * empty if none has it}
   *
   * @param config only its patch size, hidden size, blocks and MLP widths count
   */
  public static Optional<MixerPreset> of(MixerConfig config) {
    for (MixerPreset p : values()) {
      if (p.patchSize == config.patchSize()
          && p.hiddenSize == config.hiddenSize()
          && p.blocks == config.blocks()
          && p.tokensMlpSize == config.tokensMlpSize()
          && p.channelsMlpSize == config.channelsMlpSize()) {
        return Optional.of(p);
      }
    }
    return Optional.empty();
  }

  /** The paper's name, such as {@code B/16}. */
  @Override
  public String toString() {
    return title;
  }
}
