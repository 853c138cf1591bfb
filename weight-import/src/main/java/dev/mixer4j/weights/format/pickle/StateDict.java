package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.UnsupportedFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The state dict in a pickle. It is the whole pickle or one of its entries: training scripts save
 * the epoch, the optimizer and averaged weights beside the model.
 *
 * @param part the entry that is the state dict; empty where the whole pickle is
 * @param entries what it holds, by tensor name
 * @param ignored the names of the pickle's other entries
 */
public record StateDict(String part, Map<String, Object> entries, List<String> ignored) {

  /** In timm's order (timm/models/_helpers.py, load_state_dict): averaged weights come first. */
  private static final List<String> WRAPPERS =
      List.of("state_dict_ema", "model_ema", "state_dict", "model");

  /**
   * Finds the state dict.
   *
   * @param top what the pickle holds
   * @throws UnsupportedFileException if there is none
   */
  public static StateDict in(Path path, Object top) {
    if (!(top instanceof Map<?, ?> dict)) {
      throw new UnsupportedFileException(path + ": expected a state dict, found another object");
    }
    for (String wrapper : WRAPPERS) {
      if (dict.get(wrapper) instanceof Map<?, ?> inner) {
        List<String> ignored = new ArrayList<>();
        for (Object key : dict.keySet()) {
          if (!key.equals(wrapper)) {
            ignored.add(String.valueOf(key));
          }
        }
        return new StateDict(wrapper, named(path, inner), ignored);
      }
    }
    return new StateDict("", named(path, dict), List.of());
  }

  private static Map<String, Object> named(Path path, Map<?, ?> dict) {
    Map<String, Object> named = new LinkedHashMap<>();
    dict.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new UnsupportedFileException(
                "%s: entry '%s' is not a tensor; expected a state dict: save model.state_dict()"
                    .formatted(path, key));
          }
          named.put(name, value);
        });
    return named;
  }
}
