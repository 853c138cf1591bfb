package dev.mixer4j.finetune.command;

import dev.mixer4j.core.MixerException;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.report.AtomicFile;
import dev.mixer4j.finetune.report.Comparison;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.finetune.report.LearningCurves;
import dev.mixer4j.finetune.report.RunRecord;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code finetune-cifar compare} command. */
@Command(
    name = "compare",
    description = {
      "Shows runs side by side: the settings in which they differ, and their results.",
      "Unfinished runs are shown too."
    })
public final class CompareCommand extends Subcommand {

  @Parameters(paramLabel = "RUN", arity = "1..*", description = "The folder of a run.")
  private List<Path> folders;

  @Mixin private TableOptions table;

  @Option(names = "--json", description = "One JSON array, for programs, with all settings.")
  private boolean json;

  @Option(
      names = "--plot",
      paramLabel = "FILE.png",
      description = "Draw loss and accuracy of all runs.")
  private Path plot;

  @Option(names = "--overwrite", description = "Replace FILE.png if it exists.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    if (plot != null) {
      Path folder = plot.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder)) {
        throw new MixerException(plot + ": expected a file in a folder that exists, found none");
      }
      if (Files.exists(plot) && !overwrite) {
        throw new FileAlreadyExistsException(plot.toString());
      }
    }
    List<RunRecord> runs = new ArrayList<>();
    for (Path folder : folders) {
      runs.add(RunRecord.read(folder));
    }
    Comparison comparison = new Comparison(runs);
    if (json) {
      printJson(Json.text(comparison.outcomes()));
    } else {
      table.print(comparison.table(), out());
      if (!table.isForPrograms()) {
        comparison.split().ifPresent(split -> print("accuracy and loss on the %s images", split));
      }
    }
    if (plot != null) {
      Map<String, List<MetricsRow>> rows = new LinkedHashMap<>();
      runs.forEach(run -> rows.put(run.name(), run.rows()));
      AtomicFile.writePng(plot, LearningCurves.compare(rows).png());
    }
    return Cli.DONE;
  }
}
