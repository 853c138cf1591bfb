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
import dev.mixer4j.weights.command.Hint;
import dev.mixer4j.weights.command.ModelOptions;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.SettingOptions;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
          + " folder of images; or resumes a run that was interrupted.",
      "A head is replaced by one of zeros if its number of classes is not the data's; otherwise it is"
          + " kept. RUN gets config.json, metrics.csv, TensorBoard's files, checkpoints, best.h5 (the"
          + " weights with the highest measured accuracy), final.h5 and report.html."
    },
    footer = {
      "",
      "Recipes, as options:",
      "  adam              --optimizer adam --learning-rate 1e-5 --schedule constant",
      "                    --epochs 2 --batch-size 16 --flip",
      "  paper             --optimizer momentum --momentum 0.9 --learning-rate 0.03",
      "                    --schedule cosine --warmup-steps 500 --steps 10000",
      "                    --batch-size 512 --micro-batch-size 64 --clip-norm 1.0",
      "                    --crop-min-area 0.05 --flip --mean 0.5 --std 0.5",
      "                    --new-head --validation-fraction 0.02",
      "  linear-probe      --optimizer adam --learning-rate 1e-3 --schedule constant",
      "                    --epochs 2 --batch-size 16 --flip --head-only",
      "  cifar10-published --optimizer adam --learning-rate 1e-5 --schedule constant",
      "                    --epochs 2 --batch-size 16 --flip",
      "                    --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
      "  mnist-adam        --optimizer adam --learning-rate 1e-3 --schedule constant",
      "                    --epochs 10 --batch-size 64 --mean 0.5 --std 0.5",
      "  mnist-mlp         --optimizer momentum --momentum 0.5 --learning-rate 0.01",
      "                    --schedule constant --epochs 10 --batch-size 32",
      "                    --dropout 0.2 --mean 0 --std 1",
      "  mnist-mixer       --optimizer adam --learning-rate 1e-3 --schedule constant",
      "                    --loss mse --epochs 10 --batch-size 32 --mean 0 --std 1",
      "  cifar-scratch     --optimizer adam --beta2 0.99 --weight-decay 5e-5",
      "                    --learning-rate 1e-3 --schedule cosine",
      "                    --warmup-steps 1955 --epochs 300 --batch-size 128",
      "                    --label-smoothing 0.1 --crop-min-area 0.5 --flip",
      "                    --mean 0.4914,0.4822,0.4465 --std 0.2470,0.2435,0.2616",
      "",
      FinetuneCifar.EXIT_CODES
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

  @Option(
      names = {"-o", "--out"},
      paramLabel = "RUN",
      description = "Folder for the run's files.")
  private Path out;

  @Option(names = "--overwrite", description = "Replace the files of an earlier run in RUN.")
  private boolean overwrite;

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description =
          "Resume this run from its last checkpoint. With --epochs, also a finished one: it is trained"
              + " until it has so many epochs. Besides, only the options that choose devices may be"
              + " given.")
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
      ObjectNode given = SettingOptions.given(spec(), TrainSettings.class);
      if (given.has("epochs")) {
        int epochs = given.get("epochs").intValue();
        return report(FineTuning.extend(resume, epochs, progress, devices.get()));
      }
      if (FineTuning.isFinished(resume)) {
        print(
            "%s: this run is finished; see %s; '%s' trains it further",
            resume,
            resume.resolve(RunReport.HTML),
            Hint.command("finetune-cifar", "train", "--resume", resume, "--epochs", "N"));
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
    ObjectNode described = weights != null ? null : described();
    Map<String, Object> required = new LinkedHashMap<>();
    required.put("--weights=W.h5' or '--model=NAME", weights != null ? weights : described);
    required.put("--data=DATA", data.path());
    required.put("--out=RUN", out);
    require(required);
    FineTuning tuning = weights == null ? scratch(described) : fromWeights();
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
        .skipBroken(data.skipBroken())
        .limitTrain(limitTrain)
        .limitTest(data.limitTest)
        .overwrite(overwrite)
        .devices(devices.get())
        .command(words());
  }

  private FineTuning fromWeights() {
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

  /** The network to train from scratch, by --model or by the recipe; null if neither names one. */
  private ObjectNode described() throws IOException {
    if (model != null) {
      return new JsonMapper().createObjectNode().put("name", model);
    }
    return recipe == null ? null : Recipe.model(recipe);
  }

  private FineTuning scratch(ObjectNode described) throws IOException {
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
          "stopped after step %d; '%s' resumes the run",
          result.steps(), Hint.command("finetune-cifar", "train", "--resume", result.folder()));
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

  private void checkAlone() {
    for (OptionSpec option : spec().commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      if (!List.of("--resume", "--epochs", "--verbose").contains(name)
          && !PlacementOptions.NAMES.contains(name)) {
        throw usage("--resume takes all settings from the run, so not " + name + " too");
      }
    }
  }
}
