package dev.mixer4j.benchmark;

import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code benchmark} command. */
@Command(
    name = "benchmark",
    description = "Times Mixer4J beside what one would use instead, pair by pair in one run.",
    subcommands = {
      InferenceBenchmark.class,
      TrainingBenchmark.class,
      GpuBenchmark.class,
      ImportBenchmark.class,
      StartBenchmark.class,
      PartsBenchmark.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND")
public final class Benchmark {

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show where an error comes from.")
  private boolean verbose;

  private Benchmark() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    Cli.main(new Benchmark(), args);
  }
}
