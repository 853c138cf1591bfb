package dev.mixer4j.finetune;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
      description = "Go on with this run from its last checkpoint. Needs no other option.")
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

  @Mixin private RecipeOptions recipe;

  @Override
  public Integer call() throws IOException {
    TrainingRun run = new TrainingRun(spec.commandLine().getOut(), spec.commandLine().getErr());
    if (resume != null) {
      checkAlone();
      return run.resume(resume);
    }
    require("--weights=W.h5", weights);
    require("--out=RUN", out);
    RunInput input =
        new RunInput(
            command(),
            weights,
            imageSize,
            data.path(),
            data.splitSeed(),
            limitTrain,
            data.limitTest(),
            settings());
    RunFolder.check(out, overwrite);
    if (RunFolder.replaces(out, weights)) {
      throw new ParameterException(
          spec.commandLine(),
          "--weights is a file of --out that is replaced: a run that is cut off early could not be"
              + " resumed; name another folder");
    }
    return run.start(input, out);
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
        .findFirst()
        .ifPresent(
            name -> {
              throw new ParameterException(
                  spec.commandLine(),
                  "--resume takes all settings from the run, so not " + name + " too");
            });
  }

  private TrainSettings settings() throws IOException {
    ObjectNode overrides = recipe.overrides();
    if (data.validationFraction() != null) {
      overrides.put("validation_fraction", data.validationFraction());
    }
    try {
      return TrainSettings.fromJson(Recipe.with(Recipe.load(recipe.recipe()), overrides));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(),
          "recipe " + recipe.recipe() + " with these options: " + e.getMessage());
    }
  }

  private List<String> command() {
    List<String> command = new ArrayList<>(List.of("finetune-cifar"));
    command.addAll(spec.commandLine().getParseResult().originalArgs());
    return command;
  }
}
