package dev.mixer4j.weights.names;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The names of a file's tensors as its framework gives them, whatever they were saved in. A prefix
 * that all tensors of the network share, such as {@code module.} of parallel training, {@code
 * _orig_mod.} of torch.compile, {@code model.} of PyTorch Lightning or {@code opt/target/} of a
 * Flax optimizer, is removed.
 */
final class SourceNames {

  /** Where training states keep the parameters, beside much else that is not the network's. */
  private static final Pattern CONTAINER =
      Pattern.compile("(params|target|opt/target|optimizer/target)/.*");

  /** Layers of a Keras file without layer names: the class, and a number within it. */
  private static final Pattern KERAS_LAYER =
      Pattern.compile(
          "(.*?)(?:layers|_layer_checkpoint_dependencies)/"
              + "([a-z0-9_]+?)(?:_([1-9][0-9]{0,4}))?(/vars/[01])");

  /** Variables that are only numbered, as jax2tf's examples save them: {@code _variables/7}. */
  private static final Pattern NUMBERED = Pattern.compile("(?:.*/)?([0-9]{1,5})");

  private static final int MOST_PREFIXES = 8; // parts; model.module.backbone. has 3

  private final NameTable table;
  private final Map<String, String> ordered = new HashMap<>();
  private final List<String> rivals = new ArrayList<>();
  private boolean mostly; // whether the network is the most of the file
  private final String prefix;

  SourceNames(Set<String> names, NameTable table) {
    this.table = table;
    nameKerasLayers(names);
    nameNumbered(names);
    this.prefix = findPrefix(names);
  }

  String prefix() {
    return prefix;
  }

  /** Prefixes behind which there are as many of the table's names: two networks, say. */
  List<String> rivals() {
    return rivals;
  }

  /** Whether a name is outside of the network, in a file that keeps more than that. */
  boolean isBeside(String name) {
    return !prefix.isEmpty()
        && !name.startsWith(prefix)
        && (CONTAINER.matcher(prefix).matches()
            || mostly && withoutPrefixes(framework(name)).noneMatch(table::knows));
  }

  /** The framework's name of a tensor; empty for one that is not the network's. */
  String plain(String name) {
    String known = framework(name);
    return known.startsWith(prefix) ? known.substring(prefix.length()) : "";
  }

  /** A tensor's name as its framework writes it; a flattened tree of Flax may have dots. */
  private String framework(String name) {
    String known = ordered.getOrDefault(name, name);
    return table.usesSlashes() ? known.replace('.', '/') : known;
  }

  /** The prefix behind which most names are the table's. */
  private String findPrefix(Set<String> names) {
    Map<String, Integer> counts = new HashMap<>();
    for (String name : names) {
      String known = framework(name);
      withoutPrefixes(known)
          .filter(table::knows)
          .findFirst()
          .map(plain -> known.substring(0, known.length() - plain.length()))
          .ifPresent(front -> counts.merge(front, 1, Integer::sum));
    }
    int most = counts.isEmpty() ? 0 : Collections.max(counts.values());
    List<String> found = new ArrayList<>(counts.keySet());
    found.removeIf(each -> counts.get(each) < most);
    if (found.size() > 1) { // copies in a training state: parameters, averages, moments
      List<String> all = List.copyOf(found);
      found.removeIf(each -> !CONTAINER.matcher(each).matches());
      if (found.size() != 1 && most > names.size() / 3) {
        all.stream().sorted().forEach(rivals::add);
      }
    }
    mostly = most > names.size() * 2 / 3;
    return found.size() == 1 ? found.get(0) : "";
  }

  /** A name, and what is left of it without its first part, its first two parts, and so on. */
  static Stream<String> withoutPrefixes(String name) {
    return IntStream.range(0, name.length())
        .filter(i -> i == 0 || name.charAt(i - 1) == '.' || name.charAt(i - 1) == '/')
        .limit(MOST_PREFIXES)
        .mapToObj(name::substring);
  }

  /** Names numbered variables: they are the leaves of the parameter tree, with sorted keys. */
  private void nameNumbered(Set<String> names) {
    Map<String, Integer> numbers = new HashMap<>();
    for (String name : names) {
      Matcher matcher = NUMBERED.matcher(name);
      if (!matcher.matches()) {
        return;
      }
      numbers.put(name, Integer.parseInt(matcher.group(1)));
    }
    List<String> inOrder = new ArrayList<>(names);
    inOrder.sort(Comparator.comparing(numbers::get));
    List<String> sorted = table.sorted(names.size());
    for (int i = 0; i < sorted.size(); i++) {
      ordered.put(inOrder.get(i), sorted.get(i));
    }
  }

  /** Names Keras's layers: it numbers those of a class in the model's order, perhaps with gaps. */
  private void nameKerasLayers(Set<String> names) {
    Map<String, TreeSet<Integer>> numbers = new HashMap<>();
    List<Matcher> matches = new ArrayList<>();
    for (String name : names) {
      Matcher matcher = KERAS_LAYER.matcher(name);
      if (matcher.matches() && table.layers().containsKey(matcher.group(2))) {
        matches.add(matcher);
        numbers.computeIfAbsent(matcher.group(2), type -> new TreeSet<>()).add(number(matcher));
      }
    }
    for (Matcher matcher : matches) {
      TreeSet<Integer> ofClass = numbers.get(matcher.group(2));
      int place = ofClass.headSet(number(matcher)).size();
      String layer = layer(table.layers().get(matcher.group(2)), place, ofClass.size());
      ordered.put(matcher.group(), matcher.group(1) + layer + matcher.group(4));
    }
  }

  private static int number(Matcher matcher) {
    return matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
  }

  /**
   * The name of one of a class's layers. Names with {@code {i}} repeat; the ones behind come once,
   * a last one in brackets only if the count asks for it.
   */
  private static String layer(List<String> names, int place, int count) {
    int repeated = (int) names.stream().filter(name -> name.contains("{i}")).count();
    boolean optional = names.get(names.size() - 1).startsWith("[");
    int ends = names.size() - repeated;
    if (optional && repeated > 0 && (count - ends) % repeated != 0) {
      ends--;
    }
    int end = place - (count - ends);
    if (repeated == 0 || end >= 0) {
      return names
          .get(Math.min(repeated + Math.max(end, 0), names.size() - 1))
          .replaceAll("[\\[\\]]", "");
    }
    return names.get(place % repeated).replace("{i}", String.valueOf(place / repeated));
  }
}
