package dev.mixer4j.weights;

import dev.mixer4j.core.Gelu;
import dev.mixer4j.core.Rgb;
import java.util.List;

/**
 * What a Mixer4J file says beside its tensors.
 *
 * @param gelu the activation's form
 * @param layerNormEpsilon as in {@link dev.mixer4j.core.MixerConfig}
 * @param mean of pixels scaled to [0, 1]
 * @param std of pixels scaled to [0, 1]
 * @param classNames in the order of the logits, or empty
 * @param source what the weights were made from
 */
public record Metadata(
    Gelu gelu, float layerNormEpsilon, Rgb mean, Rgb std, List<String> classNames, Source source) {}
