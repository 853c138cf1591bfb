package dev.mixer4j.weights.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Errors of the command line: their messages, and earlier names of options. */
final class UsageErrors {

  /** Earlier names of options, which are still understood where no option has the name now. */
  private static final Map<String, String> EARLIER = Map.of("--output", "--out", "--to", "--out");

  private UsageErrors() {}

  /** The words with earlier names of options replaced. */
  static String[] renamed(CommandSpec root, String... words) {
    CommandSpec command = root;
    String[] renamed = words.clone();
    for (int i = 0; i < words.length && !words[i].equals("--"); i++) {
      CommandLine subcommand = command.subcommands().get(words[i]);
      if (subcommand != null) {
        command = subcommand.getCommandSpec();
        continue;
      }
      String name = words[i].replaceFirst("=.*", "");
      String now = EARLIER.get(name);
      if (now != null && command.findOption(name) == null && command.findOption(now) != null) {
        renamed[i] = now + words[i].substring(name.length());
      }
    }
    return renamed;
  }

  /** The message of an error; words that nothing takes come first, since they cause others. */
  static String message(ParameterException e) {
    CommandLine line = e.getCommandLine();
    List<String> unmatched = line.getUnmatchedArguments();
    if (unmatched.isEmpty()) {
      return e.getMessage().replaceFirst("^Error: ", ""); // picocli's own, of groups
    }
    CommandSpec command = line.getCommandSpec();
    List<String> unknown = new ArrayList<>();
    for (String word : unmatched) {
      if (word.startsWith("-")) {
        String name = word.replaceFirst("=.*", "");
        unknown.add("there is no option " + name + suggestion(name, options(command)));
      }
    }
    if (!unknown.isEmpty()) { // other words may be their values
      return String.join("; ", unknown);
    }
    String first = unmatched.get(0);
    return command.subcommands().isEmpty()
        ? "unexpected argument '%s'".formatted(String.join("' '", unmatched))
        : "there is no command %s%s"
            .formatted(first, suggestion(first, List.copyOf(command.subcommands().keySet())));
  }

  private static List<String> options(CommandSpec command) {
    return command.options().stream()
        .filter(option -> !option.hidden())
        .map(OptionSpec::names)
        .flatMap(Stream::of)
        .toList();
  }

  private static String suggestion(String found, List<String> names) {
    return Suggestion.of(found, names).map(name -> "; did you mean " + name + "?").orElse("");
  }
}
