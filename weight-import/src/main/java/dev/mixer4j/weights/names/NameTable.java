package dev.mixer4j.weights.names;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a framework calls each tensor and how it lays it out, read from a table that a person can
 * check against the framework's source: {@code flax.map}, {@code timm.map} beside this class. In a
 * source name {@code {i}} is a number, the same in the canonical name, and {@code {a|b}} is one
 * text or another.
 */
public final class NameTable {

  /**
   * A tensor's place on the other side.
   *
   * @param name its name there
   * @param axes which axis on this side each of its axes there is; empty where they are the same
   */
  public record Target(String name, int[] axes) {}

  /** A line of the table, with both of its names as patterns to match and as templates to fill. */
  private record Rule(
      Pattern source, String sourceTemplate, Pattern target, String targetTemplate, int[] axes) {}

  private static final Pattern CHOICE = Pattern.compile("\\{([^{}]*\\|[^{}]*)}");

  private final List<Rule> rules = new ArrayList<>();

  private final String naming;

  private NameTable(String naming) {
    this.naming = naming;
  }

  /** Loads the table {@code NAMING.map}. */
  public static NameTable of(String naming) {
    NameTable map = new NameTable(naming);
    String resource = "mixer/" + naming + ".map";
    try (InputStream in = NameTable.class.getResourceAsStream(resource);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      lines
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .flatMap(NameTable::alternatives)
          .forEach(line -> map.rules.add(rule(line.strip().split("\\s+"))));
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
    return map;
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

  private static Rule rule(String[] columns) {
    int[] axes =
        columns[2].equals("-")
            ? new int[0]
            : Arrays.stream(columns[2].split(",")).mapToInt(Integer::parseInt).toArray();
    return new Rule(pattern(columns[0]), columns[0], pattern(columns[1]), columns[1], axes);
  }

  private static Pattern pattern(String template) {
    return Pattern.compile(Pattern.quote(template).replace("{i}", "\\E(0|[1-9][0-9]{0,3})\\Q"));
  }

  /** The table's name, such as {@code timm}. */
  String naming() {
    return naming;
  }

  /** Where a source tensor goes; empty for a name that is not in the table. */
  Optional<Target> target(String source) {
    for (Rule rule : rules) {
      Matcher matcher = rule.source.matcher(source);
      if (matcher.matches()) {
        return Optional.of(new Target(fill(rule.targetTemplate, matcher), rule.axes));
      }
    }
    return Optional.empty();
  }

  /**
   * The way back: what the framework calls a variable, and which canonical axis each of its axes
   * is.
   *
   * @throws IllegalArgumentException for a name that is not canonical
   */
  public Target source(String canonical) {
    for (Rule rule : rules) {
      Matcher matcher = rule.target.matcher(canonical);
      if (matcher.matches()) {
        int[] inverse = new int[rule.axes.length];
        for (int i = 0; i < inverse.length; i++) {
          inverse[rule.axes[i]] = i;
        }
        return new Target(fill(rule.sourceTemplate, matcher), inverse);
      }
    }
    throw new IllegalArgumentException("no variable is called " + canonical);
  }

  private static String fill(String template, Matcher matcher) {
    return matcher.groupCount() == 0 ? template : template.replace("{i}", matcher.group(1));
  }
}
