package dev.mixer4j.weights.names;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file's names as its framework gives them, whatever they were saved within: a prefix that all
 * tensors of the network share, such as {@code module.} of parallel training, {@code _orig_mod.} of
 * torch.compile, {@code model.} of PyTorch Lightning or {@code opt/target/} of a Flax optimizer, is
 * taken off.
 */
public final class SourceNames {

  /** Where training states keep the parameters, beside much else that is not the network's. */
  private static final Pattern CONTAINER =
      Pattern.compile("(params|target|opt/target|optimizer/target)/.*");

  /** Layers that Keras knows by the order of their class only. */
  private static final Pattern NUMBERED =
      Pattern.compile(
          "(.*?)(?:layers|_layer_checkpoint_dependencies)/"
              + "(conv2d|layer_normalization|dense)(?:_([1-9][0-9]{0,4}))?(/vars/[01])");

  private final NameTable map;
  private final Map<String, String> ordered;
  private final String prefix;

  /**
   * Looks at all names of a file.
   *
   * @param map what its framework calls each tensor
   */
  public SourceNames(Set<String> names, NameTable map) {
    this.map = map;
    this.ordered = byOrder(names);
    if (map.naming().equals("flax")) {
      ordered.putAll(NumberedNames.canonical(names));
    }
    this.prefix = findPrefix(names);
  }

  /** What is taken off the names; empty for nothing. */
  public String prefix() {
    return prefix;
  }

  /** Whether a name is beside the network in a file that keeps more than that. */
  public boolean isBeside(String name) {
    return CONTAINER.matcher(prefix).matches() && !name.startsWith(prefix);
  }

  /** Where a tensor goes; empty for one that has no place in a Mixer. */
  public Optional<NameTable.Target> target(String name) {
    String known = ordered.getOrDefault(name, name);
    return known.startsWith(prefix)
        ? map.target(known.substring(prefix.length()))
        : Optional.empty();
  }

  /** The stem's kernel, which every Mixer has once, shows what comes before a name. */
  private String findPrefix(Set<String> names) {
    List<String> found = new ArrayList<>();
    for (String name : names) {
      String known = ordered.getOrDefault(name, name);
      for (int start = 0; start >= 0; start = nextPart(known, start)) {
        if (map.target(known.substring(start)).filter(SourceNames::isStem).isPresent()) {
          found.add(known.substring(0, start));
          break;
        }
      }
    }
    if (found.contains("")) {
      return "";
    }
    if (found.size() > 1) { // a training state's copies: of parameters, averages, moments
      found.removeIf(each -> !CONTAINER.matcher(each).matches());
    }
    return found.size() == 1 ? found.get(0) : "";
  }

  private static boolean isStem(NameTable.Target target) {
    return target.name().equals("stem/kernel");
  }

  /** Where the part behind the next dot or slash starts; -1 behind the last. */
  private static int nextPart(String name, int start) {
    for (int i = start; i < name.length() - 1; i++) {
      if (name.charAt(i) == '.' || name.charAt(i) == '/') {
        return i + 1;
      }
    }
    return -1;
  }

  /**
   * Names for the tensors of a Keras file without layer names. Keras numbers the layers of a class
   * in the model's order, some versions with gaps, and a Mixer is a chain: for each block two norms
   * and four dense layers, then the last norm and the head.
   */
  private static Map<String, String> byOrder(Set<String> names) {
    Map<String, TreeSet<Integer>> numbers = new HashMap<>();
    List<Matcher> matches = new ArrayList<>();
    for (String name : names) {
      Matcher matcher = NUMBERED.matcher(name);
      if (matcher.matches()) {
        matches.add(matcher);
        numbers.computeIfAbsent(matcher.group(2), type -> new TreeSet<>()).add(number(matcher));
      }
    }
    Map<String, String> layers = new HashMap<>();
    for (Matcher matcher : matches) {
      TreeSet<Integer> ofType = numbers.get(matcher.group(2));
      int place = ofType.headSet(number(matcher)).size();
      String layer = layer(matcher.group(2), place, place == ofType.size() - 1);
      layers.put(matcher.group(), matcher.group(1) + layer + matcher.group(4));
    }
    return layers;
  }

  private static int number(Matcher matcher) {
    return matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
  }

  private static String layer(String type, int place, boolean last) {
    return switch (type) {
      case "conv2d" -> "stem";
      case "layer_normalization" ->
          last
              ? "pre_head_layer_norm"
              : "MixerBlock_%d/LayerNorm_%d".formatted(place / 2, place % 2);
      default ->
          last && place % 4 == 0
              ? "head"
              : "MixerBlock_%d/%s/Dense_%d"
                  .formatted(
                      place / 4, place % 4 < 2 ? "token_mixing" : "channel_mixing", place % 2);
    };
  }
}
