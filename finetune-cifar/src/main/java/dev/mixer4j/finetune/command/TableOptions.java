package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.report.Table;
import dev.mixer4j.weights.command.Terminal;
import java.io.PrintWriter;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** How a command prints a table. */
final class TableOptions {

  private static final class Format {
    @Option(names = "--csv", description = "Print the table as CSV.")
    private boolean csv;

    @Option(names = "--markdown", description = "Print the table in Markdown.")
    private boolean markdown;
  }

  @ArgGroup private Format format = new Format();

  boolean isForPrograms() {
    return format.csv || format.markdown;
  }

  void print(Table table, PrintWriter out) {
    String text =
        format.csv
            ? table.csv()
            : format.markdown
                ? table.markdown()
                : String.join("\n", table.lines(Terminal.outColumns()));
    text.lines().forEach(out::println);
  }
}
