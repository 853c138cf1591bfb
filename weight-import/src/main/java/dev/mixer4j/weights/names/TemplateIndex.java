package dev.mixer4j.weights.names;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Lines of a table by a name in which {@code {i}} may stand for a number, and {@code {j}} for a
 * later one. Names come from files: to look one up takes about as long as to read it.
 */
final class TemplateIndex<T> {

  /** A line that has a name, and the numbers in it, which may be empty. */
  record Match<T>(T line, String first, String second) {
    String fill(String template) {
      return template.replace("{i}", first).replace("{j}", second);
    }
  }

  static final int LONGEST = 200; // more than a name of any table has, without prefixes
  private static final int MOST_NUMBERS = 8; // in a name of any table; they have up to 4

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");
  private static final Pattern NUMBERS = Pattern.compile("\\{[ij]}|[0-9]+");

  private final Map<String, List<T>> lines = new HashMap<>();
  private final Set<String> lastParts = new HashSet<>(); // these two without numbers
  private final Set<String> withoutNumbers = new HashSet<>();

  void add(String template, T line) {
    lines.computeIfAbsent(template, name -> new ArrayList<>()).add(line);
    String plain = NUMBERS.matcher(template).replaceAll("");
    lastParts.add(lastPart(plain));
    withoutNumbers.add(plain);
  }

  /** The lines of a template, as it stands in the table. */
  List<T> get(String template) {
    return lines.getOrDefault(template, List.of());
  }

  /** The lines that have a name as it is; otherwise those with numbers for some in it. */
  List<Match<T>> matches(String name) {
    List<Match<T>> matches = new ArrayList<>();
    // What tells most other names apart comes first, since it costs the least.
    if (name.length() > LONGEST
        || !lastParts.contains(DIGITS.matcher(lastPart(name)).replaceAll(""))
        || !withoutNumbers.contains(DIGITS.matcher(name).replaceAll(""))) {
      return matches;
    }
    get(name).forEach(line -> matches.add(new Match<>(line, "", "")));
    List<MatchResult> numbers =
        DIGITS.matcher(name).results().filter(TemplateIndex::plain).limit(MOST_NUMBERS).toList();
    for (int i = 0; i < numbers.size() && matches.isEmpty(); i++) {
      String first = numbers.get(i).group();
      String template = replaced(name, numbers.get(i), "{i}");
      get(template).forEach(line -> matches.add(new Match<>(line, first, "")));
      for (int j = i + 1; j < numbers.size() && matches.isEmpty(); j++) {
        String second = numbers.get(j).group();
        String both = replaced(replaced(name, numbers.get(j), "{j}"), numbers.get(i), "{i}");
        get(both).forEach(line -> matches.add(new Match<>(line, first, second)));
      }
    }
    return matches;
  }

  private static String lastPart(String name) {
    return name.substring(1 + Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')));
  }

  /** Whether a number is written as numbers of layers are. */
  private static boolean plain(MatchResult number) {
    String digits = number.group();
    return digits.equals("0") || digits.length() <= 4 && digits.charAt(0) != '0';
  }

  private static String replaced(String name, MatchResult number, String by) {
    return name.substring(0, number.start()) + by + name.substring(number.end());
  }
}
