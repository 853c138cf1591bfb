package dev.mixer4j.weights.names;

import dev.mixer4j.core.MixerConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names for a checkpoint that numbers its variables, as a SavedModel that jax2tf's examples made
 * does ({@code _variables/7}): the leaves of the parameter tree in the order of {@code
 * tf.nest.flatten}, which sorts the keys of each dictionary.
 */
final class NumberedNames {

  private static final Pattern NUMBERED = Pattern.compile("(?:.*/)?([0-9]{1,5})");

  private NumberedNames() {}

  /** The canonical name of each name; empty unless all of them are numbered. */
  static Map<String, String> canonical(Collection<String> names) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    for (String name : names) {
      Matcher matcher = NUMBERED.matcher(name);
      if (!matcher.matches()) {
        return Map.of();
      }
      numbers.put(name, Integer.parseInt(matcher.group(1)));
    }
    List<String> leaves = leaves(names.size());
    Map<String, String> canonical = new HashMap<>();
    List<String> ordered = new ArrayList<>(numbers.keySet());
    ordered.sort(Comparator.comparing(numbers::get));
    for (int i = 0; i < leaves.size(); i++) {
      canonical.put(ordered.get(i), leaves.get(i));
    }
    return canonical;
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
