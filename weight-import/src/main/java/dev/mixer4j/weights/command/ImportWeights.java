package dev.mixer4j.weights.command;

import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The {@code import-weights} command. */
@Command(
    name = "import-weights",
    description =
        "Converts checkpoints of image classification networks between frameworks, and checks them.",
    subcommands = {
      ConvertCommand.class,
      InspectCommand.class,
      VerifyCommand.class,
      DiffCommand.class,
      InitCommand.class,
      ModelsCommand.class,
      ListCommand.class,
      DownloadCommand.class,
      GenerateCompletion.class
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Exit codes: 0 done, 1 a check did not hold, 2 wrong usage, 3 bad input, 4 internal error."
    })
public final class ImportWeights {

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show where an error comes from.")
  private boolean verbose;

  ImportWeights() {}

  public static void main(String[] args) {
    Cli.main(new ImportWeights(), args);
  }
}
