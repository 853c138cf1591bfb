package dev.mixer4j.weights.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * One run of {@code import-weights} in this process.
 *
 * @param code the exit code
 * @param out what it wrote to stdout
 * @param err what it wrote to stderr
 */
record CommandRun(int code, String out, String err) {

  /** Runs a command with arguments that are texts, paths, numbers. */
  static CommandRun of(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Cli.commandLine(new ImportWeights());
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = line.execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    return new CommandRun(code, out.toString(), err.toString());
  }
}
