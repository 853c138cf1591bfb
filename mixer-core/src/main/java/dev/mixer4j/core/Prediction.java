package dev.mixer4j.core;

import java.util.List;

/**
 * A class and its probability.
 *
 * @param index the index of the class's logit
 * @param label the class's name, or {@code class N} if names are not known
 * @param probability in [0, 1]
 */
public record Prediction(int index, String label, float probability) {

  /**
   * {@return the name of a class, or {@code class N} if it is not known}
   *
   * @param classNames in the order of the logits; empty if not known
   * @param index the index of the class's logit, from 0
   */
  public static String label(List<String> classNames, int index) {
    return index < classNames.size() ? classNames.get(index) : "class " + index;
  }
}
