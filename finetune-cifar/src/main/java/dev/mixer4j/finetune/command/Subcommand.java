package dev.mixer4j.finetune.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the subcommands of {@code finetune-cifar} share. */
abstract class Subcommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  final CommandSpec spec() {
    return spec;
  }

  /** The standard output, flushed after each line. */
  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** The standard error, flushed after each line. */
  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Prints a line. */
  final void print(String format, Object... args) {
    out().println(String.format(Locale.ROOT, format, args));
  }

  /** An error of the command line, for the caller to throw. */
  final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** The words of the command line, {@code finetune-cifar} first. */
  final List<String> words() {
    List<String> words = new ArrayList<>(List.of("finetune-cifar"));
    words.addAll(spec.commandLine().getParseResult().originalArgs());
    return words;
  }
}
