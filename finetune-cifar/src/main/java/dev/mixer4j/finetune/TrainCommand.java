package dev.mixer4j.finetune;

import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.weights.command.Cli;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "train",
    sortOptions = false,
    description = {
      "Fine-tunes weights on CIFAR-10, CIFAR-100, MNIST or a folder of pictures, by a recipe whose"
          + " settings can be overridden; or goes on with a run that was interrupted.",
      "A head whose number of classes is not the data's is replaced by one of zeros; otherwise it is"
          + " kept. RUN gets config.json, metrics.csv, TensorBoard's files, checkpoints, best.h5 (the"
          + " weights with the highest measured accuracy), final.h5 and report.html."
    })
final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--weights",
      paramLabel = "W.h5",
      description = "Weights to start from, of any readable format.")
  private Path weights;

  @Mixin private DataOptions data;

  @Option(names = "--out", paramLabel = "RUN", description = "Folder for the run's files.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace the files of an earlier run in RUN.")
  private boolean overwrite;

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description =
          "Go on with this run from its last checkpoint. Takes where to compute alone beside it.")
  private Path resume;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = Positive.Whole.class,
      description =
          "Size that images are resized to: the weights' own, or a whole multiple of it, for which"
              + " the token-mixing weights become block-diagonal, as in the paper's appendix.")
  private Integer imageSize;

  @Option(
      names = "--limit-train",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = Positive.Whole.class,
      description = "Use the first N training images only.")
  private int limitTrain;

  @Mixin private DevicesOptions devices;

  @Mixin private RecipeOptions recipe;

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    try (TrainingReport report = new TrainingReport(err)) {
      TrainingRun run = new TrainingRun(report, devices.get());
      if (resume == null) {
        return print(run.start(input(), out));
      }
      checkAlone();
      if (FineTuning.isFinished(resume)) {
        print("%s: this run is finished; see %s", resume, resume.resolve(RunReport.HTML));
        return Cli.DONE;
      }
      return print(run.resume(resume));
    } catch (DivergenceException e) {
      Cli.printError(err, e.getMessage());
      return Cli.CHECK_FAILED;
    }
  }

  private RunInput input() throws IOException {
    require("--weights=W.h5", weights);
    require("--out=RUN", out);
    FineTuning tuning = FineTuning.of(weights, data.path()).recipe(recipe.recipe());
    recipe.overrides().properties().forEach(entry -> tuning.set(entry.getKey(), entry.getValue()));
    if (data.validationFraction() != null) {
      tuning.set("validation_fraction", data.validationFraction());
    }
    if (imageSize != null) {
      tuning.imageSize(imageSize);
    }
    tuning
        .splitSeed(data.splitSeed())
        .limitTrain(limitTrain)
        .limitTest(data.limitTest())
        .overwrite(overwrite);
    try {
      return tuning.input(out, command());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private int print(FineTuningResult result) {
    if (result.end() == FineTuningResult.End.INTERRUPTED) {
      print(
          "stopped after step %d; 'finetune-cifar train --resume %s' goes on",
          result.steps(), quoted(result.folder()));
      return StopSignal.EXIT_CODE;
    }
    if (result.end() == FineTuningResult.End.EARLY) {
      print("stopped early: no better accuracy since step %d", result.bestStep());
    }
    print(
        "%s accuracy: %.2f%% before, %.2f%% after, best %.2f%% after step %d",
        result.split(),
        100 * result.before(),
        100 * result.after(),
        100 * result.best(),
        result.bestStep());
    result.heldOutTest().ifPresent(accuracy -> print("test accuracy: %.2f%%", 100 * accuracy));
    print("weights: %s", result.weights());
    result.report().ifPresent(page -> print("report: %s", page));
    return Cli.DONE;
  }

  private static String quoted(Path path) {
    return path.toString().contains(" ") ? "\"" + path + "\"" : path.toString();
  }

  private void print(String format, Object... args) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, args));
    spec.commandLine().getOut().flush();
  }

  private void require(String option, Object value) {
    if (value == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '" + option + "'");
    }
  }

  private void checkAlone() {
    spec.commandLine().getParseResult().matchedOptions().stream()
        .map(option -> option.longestName())
        .filter(name -> !List.of("--resume", "--verbose").contains(name))
        .filter(name -> !DevicesOptions.NAMES.contains(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw new ParameterException(
                  spec.commandLine(),
                  "--resume takes all settings from the run, so not " + name + " too");
            });
  }

  private List<String> command() {
    List<String> command = new ArrayList<>(List.of("finetune-cifar"));
    command.addAll(spec.commandLine().getParseResult().originalArgs());
    return command;
  }
}
