package dev.mixer4j.weights.command;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the subcommands of {@code import-weights} share. */
abstract class Subcommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** An error of the command line, for the caller to throw. */
  final ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
