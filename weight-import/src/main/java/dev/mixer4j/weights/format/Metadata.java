package dev.mixer4j.weights.format;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Rgb;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a file says beside its tensors: everything about a network that their shapes do not tell.
 *
 * @param gelu the activation's form
 * @param layerNormEpsilon as in {@link MixerConfig}
 * @param mean of pixels scaled to [0, 1]
 * @param std of pixels scaled to [0, 1]
 * @param transform what becomes of an image before the network sees it, or empty
 * @param classNames in the order of the logits, or empty
 * @param source what the weights were made from
 */
public record Metadata(
    Gelu gelu,
    float layerNormEpsilon,
    Rgb mean,
    Rgb std,
    Optional<ImageTransform> transform,
    List<String> classNames,
    Source source) {

  /**
   * {@return what is known of weights that were made from a source}
   *
   * @param weights asked for what they know
   * @param source what they were made from
   */
  public static Metadata of(MixerWeights weights, Source source) {
    MixerConfig config = weights.config();
    return new Metadata(
        config.gelu(),
        config.layerNormEpsilon(),
        config.mean(),
        config.std(),
        weights.transform(),
        weights.classNames(),
        source);
  }

  /**
   * {@return a configuration with this GELU and normalization} Its LayerNorm epsilon stays.
   *
   * @param config of the network
   */
  public MixerConfig applyTo(MixerConfig config) {
    return config.withGelu(gelu).withNormalization(mean, std);
  }

  /**
   * {@return the same with another transform, or none}
   *
   * @param other what becomes of an image before the network sees it, or empty
   */
  public Metadata withTransform(Optional<ImageTransform> other) {
    return new Metadata(gelu, layerNormEpsilon, mean, std, other, classNames, source);
  }

  /** As texts, for formats whose metadata are such; class names are one a line. */
  public Map<String, String> toText() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("mixer4j.gelu", gelu.toString());
    text.put("mixer4j.layer_norm_epsilon", Float.toString(layerNormEpsilon));
    text.put("mixer4j.mean", mean.toString());
    text.put("mixer4j.std", std.toString());
    transform.ifPresent(known -> text.put("mixer4j.transform", known.toString()));
    text.put("mixer4j.source_format", source.format());
    text.put("mixer4j.source_sha256", source.sha256());
    if (!classNames.isEmpty()) {
      text.put("mixer4j.class_names", String.join("\n", classNames));
    }
    return text;
  }

  /**
   * Reads what {@link #toText} wrote; empty where none of it is there.
   *
   * @throws IllegalArgumentException if it is there and makes no sense
   */
  public static Optional<Metadata> ofText(Map<String, String> text) {
    if (!text.containsKey("mixer4j.gelu")) {
      return Optional.empty();
    }
    String names = text.get("mixer4j.class_names");
    return Optional.of(
        new Metadata(
            Gelu.of(text.get("mixer4j.gelu")),
            Float.parseFloat(value(text, "mixer4j.layer_norm_epsilon")),
            Rgb.parse(value(text, "mixer4j.mean")),
            Rgb.parse(value(text, "mixer4j.std")),
            Optional.ofNullable(text.get("mixer4j.transform")).map(ImageTransform::parse),
            names == null ? List.of() : List.of(names.split("\n", -1)),
            new Source(
                value(text, "mixer4j.source_format"), value(text, "mixer4j.source_sha256"))));
  }

  private static String value(Map<String, String> text, String key) {
    String value = text.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key);
    }
    return value;
  }
}
