package dev.mixer4j.weights.names;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.tensorflow.ndarray.Shape;

/**
 * The names and layouts that a framework uses for the tensors of one family of networks, read from
 * a text file that a person can check against the framework's source: {@code
 * names/FAMILY/FRAMEWORK.map}. {@code names/mixer/keras.map} and this module's README describe the
 * file.
 */
public final class NameTable {

  /** The place of a tensor of a file: the variable that it fills, and how. */
  public record Target(String variable, Layout layout) {}

  /**
   * A tensor to write.
   *
   * @param name the framework's name
   * @param shape the framework's shape
   * @param pieces the variables that it is made of, in order, with the layout of each; none for a
   *     whole number 0, an int64 scalar
   */
  public record Planned(String name, Shape shape, List<Target> pieces) {}

  /** A line of the table. In both names {@code {i}} may stand for a number. */
  private record Rule(String source, String variable, Layout layout, Optional<Float> fallback) {
    boolean isIgnored() {
      return variable.equals("-");
    }
  }

  /** A line that has a name, and the number in it. */
  private record Match(Rule rule, String number) {
    String fill(String template) {
      return template.replace("{i}", number);
    }
  }

  private static final Pattern CHOICE = Pattern.compile("\\{([^{}]*\\|[^{}]*)}");
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  private final List<Rule> rules = new ArrayList<>();
  private final Map<String, List<Rule>> bySource = new HashMap<>();
  private final Map<String, List<Rule>> byVariable = new HashMap<>();
  private final List<String> constants = new ArrayList<>();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, List<String>> layers = new LinkedHashMap<>();
  private String owner = "";
  private boolean numbered;

  private NameTable() {}

  /**
   * {@return the table of a family and a framework; empty if there is none}
   *
   * @param family such as {@code mixer}
   * @param framework such as {@code torch}
   */
  public static Optional<NameTable> of(String family, String framework) {
    String resource = family + "/" + framework + ".map";
    try (InputStream in = NameTable.class.getResourceAsStream(resource)) {
      return in == null
          ? Optional.empty()
          : Optional.of(
              parse(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines()));
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  static NameTable parse(Stream<String> lines) {
    NameTable table = new NameTable();
    lines
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .flatMap(NameTable::alternatives)
        .forEach(line -> table.add(line.strip().split("\\s+")));
    return table;
  }

  /** A line for each choice of {@code {one|another}} in it. */
  private static Stream<String> alternatives(String line) {
    Matcher choice = CHOICE.matcher(line);
    if (!choice.find()) {
      return Stream.of(line);
    }
    return Arrays.stream(choice.group(1).split("\\|", -1))
        .map(each -> line.substring(0, choice.start()) + each + line.substring(choice.end()))
        .flatMap(NameTable::alternatives);
  }

  private void add(String... columns) {
    switch (columns[0]) {
      case "@names" -> owner = columns[1];
      case "@set" -> settings.put(columns[1], columns[2]);
      case "@layers" -> layers.put(columns[1], List.of(columns).subList(2, columns.length));
      case "@numbered" -> numbered = true;
      default -> addRule(columns[0], columns[1], new ArrayList<>(List.of(columns)));
    }
  }

  private void addRule(String source, String target, List<String> columns) {
    List<String> words = columns.subList(2, columns.size());
    if (words.remove("zero")) {
      constants.add(source);
    }
    int or = words.indexOf("or");
    Optional<Float> fallback = Optional.empty();
    if (or >= 0) {
      fallback = Optional.of(Float.valueOf(words.remove(or + 1)));
      words.remove(or);
    }
    Rule rule = new Rule(source, target, Layout.parse(words), fallback);
    rules.add(rule);
    bySource.computeIfAbsent(source, name -> new ArrayList<>()).add(rule);
    byVariable.computeIfAbsent(target, name -> new ArrayList<>()).add(rule);
  }

  /** The lines for a name: those that have it as it is, or with {@code {i}} for a number in it. */
  private static List<Match> matches(Map<String, List<Rule>> index, String name) {
    List<Match> matches = new ArrayList<>();
    index.getOrDefault(name, List.of()).forEach(rule -> matches.add(new Match(rule, "")));
    Matcher digits = DIGITS.matcher(name);
    while (matches.isEmpty() && digits.find()) {
      String number = digits.group();
      if (number.equals("0") || number.length() <= 4 && number.charAt(0) != '0') {
        String template = name.substring(0, digits.start()) + "{i}" + name.substring(digits.end());
        index.getOrDefault(template, List.of()).forEach(r -> matches.add(new Match(r, number)));
      }
    }
    return matches;
  }

  /** Whose names these are, for messages: timm, Flax, … */
  public String owner() {
    return owner;
  }

  /** Settings of the network that the framework's files imply, by name. */
  public Map<String, String> settings() {
    return settings;
  }

  /** The names of the layers of each Keras class, in the order of the model. */
  Map<String, List<String>> layers() {
    return layers;
  }

  /** A name of the table, for messages: of a line in its first half. */
  public String example() {
    String variable = rules.get(rules.size() / 4).variable;
    return byVariable.get(variable).get(0).source.replace("{i}", "0");
  }

  boolean knows(String source) {
    return !matches(bySource, source).isEmpty();
  }

  /** The variables that a tensor fills: several if it is packed, none if it is not read. */
  List<Target> targets(String source) {
    List<Target> targets = new ArrayList<>();
    for (Match match : matches(bySource, source)) {
      Rule rule = match.rule;
      if (!rule.isIgnored()) {
        targets.add(new Target(match.fill(rule.variable), rule.layout));
      }
    }
    return targets;
  }

  /** The number that fills a variable for which a file has no tensor; empty if it needs one. */
  public Optional<Float> fallback(String variable) {
    return matches(byVariable, variable).stream().findFirst().flatMap(match -> match.rule.fallback);
  }

  /**
   * The way back: all tensors that a framework's file has.
   *
   * @param shapes of the network's variables, in order
   * @throws IllegalArgumentException for a variable that the table does not name
   */
  public List<Planned> plan(Map<String, Shape> shapes) {
    Map<String, Planned> plan = new LinkedHashMap<>();
    shapes.forEach(
        (variable, shape) -> {
          Match match =
              matches(byVariable, variable).stream()
                  .findFirst()
                  .orElseThrow(
                      () -> new IllegalArgumentException("no variable is called " + variable));
          String name = match.fill(match.rule.source);
          Layout back = match.rule.layout.inverse();
          long[] sizes = back.withoutParts().shape(shape).asArray();
          if (back.parts() > 1) {
            sizes[0] *= back.parts();
          }
          plan.computeIfAbsent(name, n -> new Planned(n, Shape.of(sizes), new ArrayList<>()))
              .pieces
              .add(new Target(variable, back));
        });
    constants.forEach(name -> plan.put(name, new Planned(name, Shape.scalar(), List.of())));
    return List.copyOf(plan.values());
  }

  /**
   * The sorted names of so many tensors, for files that number them; empty if the table does not
   * allow that, or no network of the family has so many.
   */
  List<String> sorted(int count) {
    List<String> once = new ArrayList<>();
    List<String> head = new ArrayList<>();
    List<String> repeated = new ArrayList<>();
    for (Rule rule : rules) {
      String name = rule.variable;
      (name.contains("{i}") ? repeated : name.startsWith("head/") ? head : once).add(name);
    }
    for (Collection<String> ends : List.of(head, List.<String>of())) {
      int blocks = numbered ? count - once.size() - ends.size() : 0;
      if (blocks > 0 && blocks % repeated.size() == 0) {
        List<String> names = new ArrayList<>(once);
        names.addAll(ends);
        for (int i = 0; i < blocks / repeated.size(); i++) {
          for (String each : repeated) {
            names.add(each.replace("{i}", String.valueOf(i)));
          }
        }
        return names.stream().sorted().toList();
      }
    }
    return List.of();
  }
}
