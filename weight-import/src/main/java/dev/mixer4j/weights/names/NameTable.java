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
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.ndarray.Shape;

/**
 * The names and layouts that one author's files have for the tensors of one family of networks,
 * read from a text file that a person can check against the author's source: {@code
 * names/FAMILY/FRAMEWORK.map}, and others that it names. {@code names/mixer/keras.map} and this
 * module's README describe the file.
 */
public final class NameTable {

  /** The place of a tensor of a file: the variable that it fills, and how. */
  public record Target(String variable, Layout layout) {}

  /**
   * A tensor to write, with the framework's name and shape, and the variables that it is made of,
   * in order; none for a whole number 0, an int64 scalar.
   */
  public record Planned(String name, Shape shape, List<Target> pieces) {}

  /** A line of the table. In both names {@code {i}} may stand for a number. */
  private record Rule(String source, String variable, Layout layout, Optional<Float> fallback) {
    boolean repeats() {
      return NUMBER.matcher(variable).results().anyMatch(number -> number.group(2).equals("i"));
    }

    boolean computes() {
      return NUMBER
          .matcher(source + variable)
          .results()
          .anyMatch(number -> !number.group().equals("{i}"));
    }

    Rule with(int i, int n) {
      return new Rule(numbered(source, i, n), numbered(variable, i, n), layout, fallback);
    }

    private static String numbered(String template, int i, int n) {
      return NUMBER
          .matcher(template)
          .replaceAll(
              number -> {
                int factor = number.group(1).isEmpty() ? 1 : Integer.parseInt(number.group(1));
                int added = number.group(3) == null ? 0 : Integer.parseInt(number.group(3));
                return String.valueOf(factor * (number.group(2).equals("i") ? i : n) + added);
              });
    }
  }

  private static final Pattern CHOICE = Pattern.compile("\\{([^{}]*\\|[^{}]*)}");

  /** {@code {i}}, or a number that is computed from it or from how many of it there are: n. */
  private static final Pattern NUMBER = Pattern.compile("\\{([0-9]*)([in])([+-][0-9]+)?}");

  private static final String HEAD = "head/";

  private final List<Rule> rules = new ArrayList<>();
  private final TemplateIndex<Rule> bySource = new TemplateIndex<>();
  private final TemplateIndex<Rule> byVariable = new TemplateIndex<>();
  private final List<String> constants = new ArrayList<>();
  private final Map<String, String> settings = new LinkedHashMap<>(); // which all files imply
  private final Map<String, List<String>> layers = new LinkedHashMap<>(); // by Keras class
  private final List<String> others = new ArrayList<>(); // tables of the same framework
  private String owner = ""; // for messages: timm, Flax, …
  private boolean numbered;

  private NameTable() {}

  /** The first table of a family and a framework, such as mixer and torch; empty if none. */
  public static Optional<NameTable> of(String family, String framework) {
    return all(family, framework).stream().findFirst();
  }

  /** All tables of a family and a framework; the first has the names that are usually written. */
  public static List<NameTable> all(String family, String framework) {
    List<NameTable> tables = new ArrayList<>();
    read(family, framework).ifPresent(tables::add);
    tables.stream()
        .flatMap(first -> first.others.stream())
        .map(other -> read(family, other).orElseThrow())
        .toList()
        .forEach(tables::add);
    return tables;
  }

  /**
   * The table to write a network with: the first that names all its variables and nothing else,
   * otherwise the first that names all; empty if none does.
   */
  public static Optional<NameTable> of(String family, String framework, Set<String> variables) {
    List<NameTable> tables =
        all(family, framework).stream()
            .map(table -> table.forVariables(variables))
            .filter(table -> variables.stream().allMatch(table::names))
            .toList();
    return tables.stream()
        .filter(table -> table.namesOnly(variables))
        .findFirst()
        .or(() -> tables.stream().findFirst());
  }

  private static Optional<NameTable> read(String family, String name) {
    String resource = family + "/" + name + ".map";
    try (InputStream in = NameTable.class.getResourceAsStream(resource)) {
      return in == null
          ? Optional.empty()
          : Optional.of(
              parse(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines()));
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  /** This table for a file's names, with computed numbers such as {@code {n+1}} filled in. */
  public NameTable forNames(Set<String> names) {
    return computed(
        names,
        rule -> rule.source,
        table -> {
          SourceNames plain = new SourceNames(names, table);
          return names.stream().filter(name -> table.knows(plain.plain(name))).count();
        });
  }

  /** This table for a network's variables, with computed numbers filled in. */
  private NameTable forVariables(Set<String> variables) {
    return computed(
        variables, rule -> rule.variable, table -> variables.stream().filter(table::names).count());
  }

  /** This table with so many repeated layers that it knows the most of some names. */
  private NameTable computed(
      Set<String> names, Function<Rule, String> column, ToLongFunction<NameTable> known) {
    if (rules.stream().noneMatch(Rule::computes)) {
      return this;
    }
    long repeated =
        rules.stream().filter(Rule::repeats).map(rule -> rule.variable).distinct().count();
    List<Rule> numbered =
        rules.stream().filter(rule -> NUMBER.matcher(column.apply(rule)).find()).toList();
    Set<String> plain =
        names.stream()
            .flatMap(SourceNames::withoutPrefixes)
            .filter(name -> name.length() <= TemplateIndex.LONGEST)
            .collect(Collectors.toSet());
    // Only the numbers that some name has: to try one takes a while with thousands of names.
    return IntStream.rangeClosed(1, 1 + (int) (names.size() / repeated))
        .filter(
            n ->
                numbered.stream()
                    .anyMatch(rule -> plain.contains(column.apply(rule.with(n - 1, n)))))
        .mapToObj(this::withLayers)
        .max(Comparator.comparingLong(known))
        .orElseGet(() -> withLayers(1));
  }

  private NameTable withLayers(int n) {
    NameTable table = new NameTable();
    table.owner = owner;
    table.settings.putAll(settings);
    table.constants.addAll(constants);
    for (Rule rule : rules) {
      IntStream.range(0, rule.repeats() ? n : 1).forEach(i -> table.add(rule.with(i, n)));
    }
    return table;
  }

  private boolean names(String variable) {
    return !byVariable.matches(variable).isEmpty();
  }

  /** Whether all lines are for some of these variables; a network need not have a head. */
  private boolean namesOnly(Set<String> variables) {
    Set<String> used = new HashSet<>(Set.of("-"));
    variables.forEach(name -> byVariable.matches(name).forEach(m -> used.add(m.line().variable)));
    return rules.stream()
        .allMatch(rule -> used.contains(rule.variable) || rule.variable.startsWith(HEAD));
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
      case "@also" -> others.addAll(List.of(columns).subList(1, columns.length));
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
    add(new Rule(source, target, Layout.parse(words), fallback));
  }

  private void add(Rule rule) {
    rules.add(rule);
    bySource.add(rule.source, rule);
    byVariable.add(rule.variable, rule);
  }

  public String owner() {
    return owner;
  }

  public Map<String, String> settings() {
    return settings;
  }

  /** The layers of each Keras class, in the model's order. */
  Map<String, List<String>> layers() {
    return layers;
  }

  /** A name of the table, for messages: of a line in its first half. */
  public String example() {
    String variable = rules.get(rules.size() / 4).variable;
    return byVariable.get(variable).get(0).source.replace("{i}", "0");
  }

  /** How the tensors become variables; two tables may agree on it. */
  public Object layouts() {
    return rules.stream()
        .map(rule -> rule.variable + " " + rule.layout)
        .collect(Collectors.toSet());
  }

  /** Whether its names have slashes and no dots, as Flax's. */
  boolean usesSlashes() {
    return rules.stream().noneMatch(rule -> rule.source.contains("."))
        && rules.stream().anyMatch(rule -> rule.source.contains("/"));
  }

  boolean knows(String source) {
    return !bySource.matches(source).isEmpty();
  }

  /** The variables that a tensor fills: several if it is packed, none if it is not read. */
  List<Target> targets(String source) {
    List<Target> targets = new ArrayList<>();
    for (TemplateIndex.Match<Rule> match : bySource.matches(source)) {
      if (!match.line().variable.equals("-")) {
        targets.add(new Target(match.fill(match.line().variable), match.line().layout));
      }
    }
    return targets;
  }

  /** The number that fills a variable for which a file has no tensor; empty if it needs one. */
  public Optional<Float> fallback(String variable) {
    return byVariable.matches(variable).stream()
        .findFirst()
        .flatMap(match -> match.line().fallback);
  }

  /** The way back: all tensors of a framework's file, from the network's variables in order. */
  public List<Planned> plan(Map<String, Shape> shapes) {
    Map<String, Planned> plan = new LinkedHashMap<>();
    shapes.forEach(
        (variable, shape) -> {
          TemplateIndex.Match<Rule> match =
              byVariable.matches(variable).stream()
                  .findFirst()
                  .orElseThrow(
                      () -> new IllegalArgumentException("no variable is called " + variable));
          String name = match.fill(match.line().source);
          Layout back = match.line().layout.inverse();
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
      (name.contains("{i}") ? repeated : name.startsWith(HEAD) ? head : once).add(name);
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
