package dev.mixer4j.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.tensorflow.ndarray.Shape;

/**
 * The numbers that define a Mixer: its geometry, numerics and preprocessing. Symbols in parentheses
 * are those of the paper (arXiv 2105.01601, section 2 and table 1).
 *
 * @param imageSize height and width of the input image, in pixels; a multiple of the patch size
 * @param patchSize height and width of a patch (P), in pixels
 * @param hiddenSize channels of a token (C)
 * @param blocks number of Mixer blocks
 * @param tokensMlpSize width of the token-mixing MLP (D_S)
 * @param channelsMlpSize width of the channel-mixing MLP (D_C)
 * @param classes number of classes of the head; 0 for a network without a head, whose logits are
 *     its pooled features
 * @param gelu form of the activation
 * @param layerNormEpsilon added to the variance under the root; Flax's and timm's Mixers have 1e-6
 * @param mean subtracted from pixels scaled to [0, 1], per channel
 * @param std divides what is left, per channel; each above 0
 */
public record MixerConfig(
    int imageSize,
    int patchSize,
    int hiddenSize,
    int blocks,
    int tokensMlpSize,
    int channelsMlpSize,
    int classes,
    Gelu gelu,
    float layerNormEpsilon,
    Rgb mean,
    Rgb std) {

  /** Flax's default and timm's choice for Mixers. */
  public static final float DEFAULT_LAYER_NORM_EPSILON = 1e-6f;

  /**
   * Checks the numbers.
   *
   * @param imageSize above 0, a multiple of the patch size
   * @param patchSize above 0
   * @param hiddenSize above 0
   * @param blocks above 0
   * @param tokensMlpSize above 0
   * @param channelsMlpSize above 0
   * @param classes 0 or more
   * @param gelu not null
   * @param layerNormEpsilon above 0
   * @param mean finite
   * @param std above 0 and finite
   * @throws IllegalArgumentException if one is out of its range
   */
  public MixerConfig {
    positive("imageSize", imageSize);
    positive("patchSize", patchSize);
    positive("hiddenSize", hiddenSize);
    positive("blocks", blocks);
    positive("tokensMlpSize", tokensMlpSize);
    positive("channelsMlpSize", channelsMlpSize);
    check(imageSize % patchSize == 0, "imageSize " + imageSize + " is no multiple of " + patchSize);
    check(classes >= 0, "classes must be 0 or more, found " + classes);
    check(layerNormEpsilon > 0, "layerNormEpsilon must be above 0, found " + layerNormEpsilon);
    Objects.requireNonNull(gelu, "gelu");
    for (float value : mean.toArray()) {
      check(Float.isFinite(value), "mean must be finite, found " + mean);
    }
    for (float value : std.toArray()) {
      check(value > 0 && Float.isFinite(value), "std must be above 0 and finite, found " + std);
    }
  }

  /**
   * {@return a geometry with the defaults of the published JAX models: exact GELU aside, LayerNorm
   * epsilon 1e-6, pixels scaled to [-1, 1]}
   *
   * @param imageSize height and width of the input image, in pixels; a multiple of the patch size
   * @param patchSize height and width of a patch (P), in pixels
   * @param hiddenSize channels of a token (C)
   * @param blocks number of Mixer blocks
   * @param tokensMlpSize width of the token-mixing MLP (D_S)
   * @param channelsMlpSize width of the channel-mixing MLP (D_C)
   * @param classes number of classes of the head; 0 for a network without a head
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static MixerConfig of(
      int imageSize,
      int patchSize,
      int hiddenSize,
      int blocks,
      int tokensMlpSize,
      int channelsMlpSize,
      int classes) {
    return new MixerConfig(
        imageSize,
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        classes,
        Gelu.ERF,
        DEFAULT_LAYER_NORM_EPSILON,
        Rgb.gray(0.5f),
        Rgb.gray(0.5f));
  }

  /** {@return the number of patches, which are the tokens (S): {@code (imageSize / patchSize)²}} */
  public int tokens() {
    return Math.multiplyExact(imageSize / patchSize, imageSize / patchSize);
  }

  /**
   * {@return every variable's canonical name and shape, in the network's order} The names are those
   * of the published JAX checkpoints; kernels of dense layers are [in, out], the stem's is [patch,
   * patch, 3, hidden].
   */
  public Map<String, Shape> variables() {
    Map<String, Shape> all = new LinkedHashMap<>();
    all.put("stem/kernel", Shape.of(patchSize, patchSize, 3, hiddenSize));
    all.put("stem/bias", Shape.of(hiddenSize));
    for (int i = 0; i < blocks; i++) {
      String block = "MixerBlock_" + i;
      layerNorm(all, block + "/LayerNorm_0");
      mlp(all, block + "/token_mixing", tokens(), tokensMlpSize);
      layerNorm(all, block + "/LayerNorm_1");
      mlp(all, block + "/channel_mixing", hiddenSize, channelsMlpSize);
    }
    layerNorm(all, "pre_head_layer_norm");
    if (classes > 0) {
      dense(all, "head", hiddenSize, classes);
    }
    return Collections.unmodifiableMap(all);
  }

  private void layerNorm(Map<String, Shape> all, String name) {
    all.put(name + "/scale", Shape.of(hiddenSize));
    all.put(name + "/bias", Shape.of(hiddenSize));
  }

  private static void mlp(Map<String, Shape> all, String name, int size, int width) {
    dense(all, name + "/Dense_0", size, width);
    dense(all, name + "/Dense_1", width, size);
  }

  private static void dense(Map<String, Shape> all, String name, int in, int out) {
    all.put(name + "/kernel", Shape.of(in, out));
    all.put(name + "/bias", Shape.of(out));
  }

  /** {@return the number of trainable parameters, the head's included} */
  public long parameterCount() {
    return variables().values().stream().mapToLong(Shape::size).sum();
  }

  /**
   * {@return this configuration with another number of classes}
   *
   * @param newClasses of the head; 0 for none
   * @throws IllegalArgumentException if it is below 0
   */
  public MixerConfig withClasses(int newClasses) {
    return new MixerConfig(
        imageSize,
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        newClasses,
        gelu,
        layerNormEpsilon,
        mean,
        std);
  }

  /**
   * {@return this configuration with another GELU form}
   *
   * @param newGelu form of the activation
   */
  public MixerConfig withGelu(Gelu newGelu) {
    return new MixerConfig(
        imageSize,
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        classes,
        newGelu,
        layerNormEpsilon,
        mean,
        std);
  }

  /**
   * {@return this configuration with other preprocessing constants, for pixels scaled to [0, 1]}
   *
   * @param newMean subtracted, per channel; finite
   * @param newStd divides what is left, per channel; above 0 and finite
   * @throws IllegalArgumentException if a number is out of its range
   */
  public MixerConfig withNormalization(Rgb newMean, Rgb newStd) {
    return new MixerConfig(
        imageSize,
        patchSize,
        hiddenSize,
        blocks,
        tokensMlpSize,
        channelsMlpSize,
        classes,
        gelu,
        layerNormEpsilon,
        newMean,
        newStd);
  }

  private static void positive(String name, int value) {
    check(value > 0, name + " must be above 0, found " + value);
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
