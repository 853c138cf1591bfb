package dev.mixer4j.weights.format;

import java.util.LinkedHashMap;
import java.util.Map;

/** The texts that Mixer4J keeps in a file's metadata, among those of others. */
public final class Notes {

  /** What the names of Mixer4J's texts start with. */
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
