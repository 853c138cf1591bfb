package dev.mixer4j.core;

import java.util.List;

/**
 * One class and its share of the softmax.
 *
 * @param index the class's place among the logits
 * @param label the class's name, or {@code class N} where names are not known
 * @param probability in [0, 1]
 */
public record Prediction(int index, String label, float probability) {

  /**
   * Names a class.
   *
   * @param classNames in the order of the logits; empty where they are not known
   * @param index the class's place among the logits, from 0
   * @return the name, or {@code class N} where it is not known
   */
  public static String label(List<String> classNames, int index) {
    return index < classNames.size() ? classNames.get(index) : "class " + index;
  }
}
