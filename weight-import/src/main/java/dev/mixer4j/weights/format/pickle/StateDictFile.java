package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A file of a pickled state dict, which may be the pickle or an entry of it, or of an entry:
 * training scripts save the epoch, the optimizer and averaged weights beside the model.
 */
public abstract class StateDictFile extends OpenTensorFile {

  /** In timm's order (timm/models/_helpers.py, load_state_dict): averaged weights come first. */
  private static final List<String> WRAPPERS =
      List.of("state_dict_ema", "model_ema", "state_dict", "model", "model_state_dict");

  private static final int MOST_LEVELS = 4;

  private final String wanted;

  /** Reads the entry {@code wanted} if the file has it; null for the usual one. */
  protected StateDictFile(Path path, Format format, String kind, String wanted) {
    super(path, format, kind);
    this.wanted = wanted;
  }

  /** Takes an entry of the state dict, which should be a tensor. */
  protected abstract void add(String name, Object value);

  protected abstract boolean isTensor(Object value);

  protected final void addAll(Object top) {
    if (!(top instanceof Map<?, ?> dict)) {
      throw new UnsupportedFileException(path + ": expected a state dict, found another object");
    }
    for (int level = 0; level < MOST_LEVELS; level++) {
      String entry = entry(dict);
      if (entry.isEmpty()) {
        break;
      }
      String front = part.isEmpty() ? "" : part + ".";
      part = front + entry;
      dict.keySet().stream()
          .filter(key -> !entry.equals(key))
          .forEach(key -> ignored.add(front + key));
      dict = (Map<?, ?>) dict.get(entry);
    }
    boolean tensors = dict.values().stream().anyMatch(this::isTensor);
    dict.forEach(
        (key, value) -> {
          if (tensors && !isTensor(value) && !(value instanceof Map<?, ?>)) {
            ignored.add(String.valueOf(key)); // a number beside the weights
          } else if (key instanceof String name) {
            add(name, value);
          } else {
            throw notATensor(key);
          }
        });
  }

  /** The entry that holds the state dict; empty if it is the dictionary itself. */
  private String entry(Map<?, ?> dict) {
    if (part.isEmpty() && wanted != null && dict.get(wanted) instanceof Map<?, ?>) {
      return wanted;
    }
    for (String wrapper : WRAPPERS) {
      if (dict.get(wrapper) instanceof Map<?, ?>) {
        return wrapper;
      }
    }
    if (dict.values().stream().anyMatch(this::isTensor)) {
      return "";
    }
    List<String> found =
        dict.entrySet().stream()
            .filter(each -> each.getKey() instanceof String && holdsTensors(each.getValue(), 1))
            .map(each -> (String) each.getKey())
            .toList();
    if (found.size() > 1) {
      throw new UnsupportedFileException(
          "%s: its entries %s look like state dicts; convert --part NAME takes one of them"
              .formatted(path, String.join(", ", found)));
    }
    return found.isEmpty() ? "" : found.get(0);
  }

  /** Whether tensors have names in it; an optimizer's state has numbers. */
  private boolean holdsTensors(Object value, int level) {
    return value instanceof Map<?, ?> dict
        && dict.entrySet().stream()
            .anyMatch(
                each ->
                    each.getKey() instanceof String
                        && (isTensor(each.getValue())
                            || level < MOST_LEVELS && holdsTensors(each.getValue(), level + 1)));
  }

  protected final UnsupportedFileException notATensor(Object key) {
    return new UnsupportedFileException(
        "%s: entry '%s' is not a tensor; expected a state dict: save model.state_dict()"
            .formatted(path, key));
  }
}
