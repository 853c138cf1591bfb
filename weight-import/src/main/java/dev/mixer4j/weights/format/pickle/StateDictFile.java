package dev.mixer4j.weights.format.pickle;

import dev.mixer4j.weights.format.Format;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A file of a pickled state dict, which may be the pickle or one entry of it: training scripts save
 * the epoch, the optimizer and averaged weights beside the model.
 */
public abstract class StateDictFile extends OpenTensorFile {

  /** In timm's order (timm/models/_helpers.py, load_state_dict): averaged weights come first. */
  private static final List<String> WRAPPERS =
      List.of("state_dict_ema", "model_ema", "state_dict", "model", "model_state_dict");

  protected StateDictFile(Path path, Format format, String kind) {
    super(path, format, kind);
  }

  /** Takes an entry of the state dict, which should be a tensor. */
  protected abstract void add(String name, Object value);

  protected final void addAll(Object top) {
    if (!(top instanceof Map<?, ?> dict)) {
      throw new UnsupportedFileException(path + ": expected a state dict, found another object");
    }
    for (String wrapper : WRAPPERS) {
      if (dict.get(wrapper) instanceof Map<?, ?> inner) {
        part = wrapper;
        dict.keySet().forEach(key -> ignored.add(String.valueOf(key)));
        ignored.remove(wrapper);
        dict = inner;
        break;
      }
    }
    dict.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw notATensor(key);
          }
          add(name, value);
        });
  }

  protected final UnsupportedFileException notATensor(Object key) {
    return new UnsupportedFileException(
        "%s: entry '%s' is not a tensor; expected a state dict: save model.state_dict()"
            .formatted(path, key));
  }
}
