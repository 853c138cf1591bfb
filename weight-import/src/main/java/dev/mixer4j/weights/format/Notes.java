package dev.mixer4j.weights.format;

import java.util.LinkedHashMap;
import java.util.Map;

/** Mixer4J's own texts among the texts of a file: their names have a prefix. */
public final class Notes {

  /** The prefix of the names. */
  public static final String PREFIX = "mixer4j.";

  private Notes() {}

  /**
   * {@return Mixer4J's own texts, without the prefix}
   *
   * @param texts all texts of a file
   */
  public static Map<String, String> in(Map<String, String> texts) {
    Map<String, String> notes = new LinkedHashMap<>();
    texts.forEach(
        (name, text) -> {
          if (name.startsWith(PREFIX)) {
            notes.put(name.substring(PREFIX.length()), text);
          }
        });
    return notes;
  }
}
