package dev.mixer4j.weights;

import dev.mixer4j.core.MixerConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds Flax's names in the keys of a TensorFlow checkpoint. Our own exports have them as they are.
 * TensorFlow 2 saves objects, whose keys are paths of attributes, as {@code
 * _params/stem/kernel/.ATTRIBUTES/VARIABLE_VALUE}. And a SavedModel that jax2tf's examples made has
 * numbers only, {@code _variables/7/.ATTRIBUTES/VARIABLE_VALUE}: the leaves of the parameter tree
 * in the order of {@code tf.nest.flatten}, which sorts each dictionary's keys.
 */
final class CheckpointNames {

  private static final String ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE";
  private static final Pattern NUMBERED = Pattern.compile("(?:.*/)?([0-9]{1,5})");

  private CheckpointNames() {}

  /** The name of each key; for keys that follow no such scheme, the key without its suffix. */
  static Map<String, String> canonical(Collection<String> keys) {
    Map<String, String> plain =
        keys.stream()
            .collect(
                Collectors.toMap(
                    key -> key, CheckpointNames::attributePath, (a, b) -> a, LinkedHashMap::new));
    Map<String, Integer> numbers = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : plain.entrySet()) {
      Matcher matcher = NUMBERED.matcher(entry.getValue());
      if (!matcher.matches()) {
        return plain;
      }
      numbers.put(entry.getKey(), Integer.parseInt(matcher.group(1)));
    }
    return leaves(keys.size()).isEmpty() ? plain : byNumber(numbers);
  }

  /** TensorFlow escapes slashes in attribute names as {@code .S} and periods as two. */
  private static String attributePath(String key) {
    if (!key.endsWith(ATTRIBUTE)) {
      return key;
    }
    String path = key.substring(0, key.length() - ATTRIBUTE.length());
    return path.replace("..", "\0").replace(".S", "/").replace('\0', '.');
  }

  private static Map<String, String> byNumber(Map<String, Integer> numbers) {
    List<String> leaves = leaves(numbers.size());
    Map<String, String> names = new LinkedHashMap<>();
    List<String> ordered = new ArrayList<>(numbers.keySet());
    ordered.sort(Comparator.comparing(numbers::get));
    for (int i = 0; i < ordered.size(); i++) {
      names.put(ordered.get(i), leaves.get(i));
    }
    return names;
  }

  /** The sorted names of a Mixer with so many variables: 12 a block, 4 around them, 2 of a head. */
  private static List<String> leaves(int count) {
    boolean head = (count - 6) % 12 == 0;
    int blocks = (count - (head ? 6 : 4)) / 12;
    if (blocks < 1 || !head && (count - 4) % 12 != 0) {
      return List.of();
    }
    return MixerConfig.of(1, 1, 1, blocks, 1, 1, head ? 1 : 0).variables().keySet().stream()
        .sorted()
        .toList();
  }
}
