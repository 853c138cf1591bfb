package dev.mixer4j.core;

/**
 * One class and its share of the softmax.
 *
 * @param index the class's place among the logits
 * @param label the class's name, or {@code class N} where names are not known
 * @param probability in [0, 1]
 */
public record Prediction(int index, String label, float probability) {}
