package dev.mixer4j.weights.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all subcommands share. Both streams are flushed after each line. */
public abstract class Subcommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  protected final CommandSpec spec() {
    return spec;
  }

  protected final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  protected final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  protected final void print(String format, Object... args) {
    out().println(String.format(Locale.ROOT, format, args));
  }

  /** An error of the command line, for the caller to throw. */
  protected final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The words of the command line, the program's name first. */
  protected final List<String> words() {
    List<String> words = new ArrayList<>(List.of(spec.root().name()));
    words.addAll(spec.commandLine().getParseResult().originalArgs());
    return words;
  }
}
