package dev.mixer4j.weights.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What all subcommands share. Both streams are flushed after each line, and characters of a text
 * from outside that could harm a terminal are escaped.
 */
public abstract class Subcommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  protected final CommandSpec spec() {
    return spec;
  }

  protected final PrintWriter out() {
    return new LineWriter(spec.commandLine().getOut());
  }

  protected final PrintWriter err() {
    return new LineWriter(spec.commandLine().getErr());
  }

  /** Prints JSON of several lines. */
  protected final void printJson(String json) {
    json.lines().forEach(out()::println);
  }

  protected final void printError(String message) {
    Cli.printError(spec.commandLine(), message);
  }

  protected final void print(String format, Object... args) {
    out().println(String.format(Locale.ROOT, format, args));
  }

  /** An error of the command line, for the caller to throw. */
  protected final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /**
   * Refuses a command line without some options or parameters, all of them at once.
   *
   * @param given each one's label, such as {@code --out=RUN}, and its value, null if it is missing
   */
  protected final void require(Map<String, Object> given) {
    List<String> missing =
        given.entrySet().stream()
            .filter(each -> each.getValue() == null)
            .map(each -> "'" + each.getKey() + "'")
            .toList();
    if (!missing.isEmpty()) {
      throw usage(
          "Missing required option%s: %s"
              .formatted(missing.size() > 1 ? "s" : "", String.join(", ", missing)));
    }
  }

  /** The words of the command line, the program's name first. */
  protected final List<String> words() {
    List<String> words = new ArrayList<>(List.of(spec.root().name()));
    words.addAll(spec.commandLine().getParseResult().originalArgs());
    return words;
  }
}
