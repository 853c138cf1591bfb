package dev.mixer4j.finetune.command;

import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Version;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code finetune-cifar} command. */
@Command(
    name = "finetune-cifar",
    description =
        "Trains and fine-tunes networks on CIFAR-10 and other images, and classifies with them.",
    subcommands = {
      DownloadCommand.class,
      TrainCommand.class,
      WorkerCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      ExportCommand.class,
      CompareCommand.class,
      StudyCommand.class,
      DoctorCommand.class,
      GenerateCompletion.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", FinetuneCifar.EXIT_CODES})
public final class FinetuneCifar {

  static final String EXIT_CODES =
      "Exit codes: 0 done, 1 training diverged or no GPU computed in doctor, 2 wrong usage, 3 bad"
          + " input, 4 internal error, 130 stopped by Ctrl-C.";

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show where an error comes from.")
  private boolean verbose;

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    // Pictures are drawn in memory; otherwise Java asks for a display.
    System.setProperty("java.awt.headless", "true");
    Cli.main(new FinetuneCifar(), args);
  }
}
