package dev.mixer4j.finetune.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.Network;
import dev.mixer4j.finetune.FineTuning;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.FineTuningResult;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.run.RunFolder;
import dev.mixer4j.finetune.settings.Recipe;
import dev.mixer4j.finetune.settings.TrainSettings;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.ModelOptions;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.SettingOptions;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

@Command(
    name = "train",
    abbreviateSynopsis = true,
    modelTransformer = TrainCommand.Options.class,
    description = {
      "Fine-tunes weights, or trains a network from scratch, on CIFAR-10, CIFAR-100, MNIST or a"
          + " folder of pictures; or resumes a run that was interrupted.",
      "A head is replaced by one of zeros if its number of classes is not the data's; otherwise it is"
          + " kept. RUN gets config.json, metrics.csv, TensorBoard's files, checkpoints, best.h5 (the"
          + " weights with the highest measured accuracy), final.h5 and report.html."
    })
final class TrainCommand extends Subcommand {

  @Option(
      names = "--weights",
      paramLabel = "W.h5",
      description = "Weights to start from, of any readable format.")
  private Path weights;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description =
          "Network to train from scratch, instead of weights: mixer, lenet5, resnet, mlp, gru, vit,"
              + " resmlp or vip; or a preset such as MLP-512, which 'import-weights models' lists; or a"
              + " JSON file, such as a run's config.json.")
  private String model;

  @Option(
      names = "--channels",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description =
          "Channels of the images of --model: 1 for gray, 3 for RGB (default: the data's own).")
  private Integer channels;

  @Mixin private DataOptions data;

  @Option(names = "--out", paramLabel = "RUN", description = "Folder for the run's files.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace the files of an earlier run in RUN.")
  private boolean overwrite;

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description =
          "Resume this run from its last checkpoint. Only the options that choose devices may be"
              + " given too.")
  private Path resume;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description =
          "Size that images are resized to (default: the network's own). With --weights of a Mixer,"
              + " a whole multiple of their own size: the token-mixing weights become block-diagonal,"
              + " as in the paper's appendix.")
  private Integer imageSize;

  @Option(
      names = "--limit-train",
      defaultValue = "" + Integer.MAX_VALUE,
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Use only the first N training images.")
  private int limitTrain;

  @Mixin private PlacementOptions devices;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description =
          "adam, paper, linear-probe, cifar10-published; from scratch mnist-adam, mnist-mlp,"
              + " mnist-mixer, cifar-scratch, which name a network; or a JSON file of settings. The"
              + " options below override them (default: adam, from scratch mnist-adam).")
  private String recipe;

  @Option(names = "--no-augment", description = "Neither crops nor flips.")
  private boolean noAugment;

  static final class Options implements IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec command) {
      SettingOptions.add(command, TrainSettings.class);
      return ModelOptions.add(command);
    }
  }

  @Override
  public Integer call() throws IOException {
    try (ConsoleProgress progress = new ConsoleProgress(err())) {
      if (resume == null) {
        FineTuning tuning = tuning();
        RunFolder.check(out, overwrite);
        try {
          tuning.check(out);
        } catch (IllegalArgumentException e) {
          throw usage(e.getMessage());
        }
        return report(tuning.run(out, progress));
      }
      checkAlone();
      if (FineTuning.isFinished(resume)) {
        print("%s: this run is finished; see %s", resume, resume.resolve(RunReport.HTML));
        return Cli.DONE;
      }
      return report(FineTuning.resume(resume, progress, devices.get()));
    } catch (DivergenceException e) {
      printError(e.getMessage());
      return Cli.CHECK_FAILED;
    }
  }

  /** Checks the settings without training. */
  void check() throws IOException {
    try {
      tuning().check(out);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  private FineTuning tuning() throws IOException {
    require("--out=RUN", out);
    FineTuning tuning = start();
    if (recipe != null) {
      tuning.recipe(recipe);
    }
    ObjectNode settings = SettingOptions.given(spec(), TrainSettings.class);
    if (noAugment) {
      settings.putNull("crop_min_area").put("flip", false);
    }
    settings.properties().forEach(entry -> tuning.set(entry.getKey(), entry.getValue()));
    if (imageSize != null && weights != null) {
      tuning.imageSize(imageSize);
    }
    return tuning
        .splitSeed(data.splitSeed())
        .limitTrain(limitTrain)
        .limitTest(data.limitTest)
        .overwrite(overwrite)
        .devices(devices.get())
        .command(words());
  }

  private FineTuning start() throws IOException {
    if (weights == null) {
      return scratch();
    }
    if (model == null) {
      List<String> given = ModelOptions.given(spec());
      if (channels != null || !given.isEmpty()) {
        String option = channels != null ? "channels" : given.get(0).replace('_', '-');
        throw usage("--" + option + " needs --model");
      }
      return FineTuning.of(weights, data.path());
    }
    throw usage("give --weights or --model, not both");
  }

  private FineTuning scratch() throws IOException {
    ObjectNode described = recipe == null ? null : Recipe.model(recipe);
    if (model != null) {
      described = new JsonMapper().createObjectNode().put("name", model);
    }
    require("--weights=W.h5' or '--model=NAME", described);
    try {
      Network network =
          ModelOptions.network(spec(), described, imageSize, channels, data::channels);
      return FineTuning.scratch(network, data.path());
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  private int report(FineTuningResult result) {
    if (result.end() == FineTuningResult.End.INTERRUPTED) {
      print(
          "stopped after step %d; 'finetune-cifar train --resume %s' resumes the run",
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
    result
        .heldOutTest()
        .ifPresent(accuracy -> print("test accuracy of the best: %.2f%%", 100 * accuracy));
    print("weights: %s", result.weights());
    result.report().ifPresent(page -> print("report: %s", page));
    return Cli.DONE;
  }

  private static String quoted(Path path) {
    return path.toString().contains(" ") ? "\"" + path + "\"" : path.toString();
  }

  private void require(String option, Object value) {
    if (value == null) {
      throw usage("Missing required option: '" + option + "'");
    }
  }

  private void checkAlone() {
    for (OptionSpec option : spec().commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      if (!List.of("--resume", "--verbose").contains(name)
          && !PlacementOptions.NAMES.contains(name)) {
        throw usage("--resume takes all settings from the run, so not " + name + " too");
      }
    }
  }
}
