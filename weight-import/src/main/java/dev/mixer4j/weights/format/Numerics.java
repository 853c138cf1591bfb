package dev.mixer4j.weights.format;

import dev.mixer4j.core.Gelu;

/**
 * What the shapes of a network's tensors do not tell and its result depends on.
 *
 * @param gelu the activation's form
 * @param layerNormEpsilon as in {@link dev.mixer4j.core.MixerConfig}
 */
public record Numerics(Gelu gelu, float layerNormEpsilon) {}
