package dev.mixer4j.finetune.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.Origin;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.Loss;
import dev.mixer4j.finetune.progress.MetricsRow;
import dev.mixer4j.finetune.report.Classifications;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.finetune.report.RunReport;
import dev.mixer4j.finetune.report.RunSummary;
import dev.mixer4j.finetune.report.Versions;
import dev.mixer4j.finetune.run.Measurement;
import dev.mixer4j.finetune.run.RecordedLogits;
import dev.mixer4j.finetune.run.RunFolder;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Subcommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    description = {
      "Measures accuracy and loss on a data set's test images; if it has none, on its validation"
          + " images, or on all images of a folder without splits.",
      "Weights of a run are measured on the images that the run held out."
    })
final class EvaluateCommand extends Subcommand {

  @Option(
      names = "--weights",
      paramLabel = "W.h5",
      description = "Weights of any readable format, with a head for the data's classes.")
  private Path weights;

  @Mixin private DataOptions data;

  @Option(
      names = "--batch-size",
      defaultValue = "16",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Images that are classified at once (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Mixin private DeviceOption device;

  @Option(names = "--json", description = "One JSON object, for programs.")
  private boolean json;

  @Option(
      names = "--report",
      paramLabel = "DIR",
      description =
          "Write report.html, report.json and pictures (confusion matrix, ROC curves, test images)"
              + " into this folder.")
  private Path report;

  @Option(names = "--overwrite", description = "Replace the files of an earlier report in DIR.")
  private boolean overwrite;

  @Override
  public Integer call() throws IOException {
    Map<String, Object> required = new LinkedHashMap<>();
    required.put("--weights=W.h5", weights);
    required.put("--data=DATA", data.path());
    require(required);
    if (report != null) {
      RunFolder.check(report, overwrite);
    }
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      Dataset dataset =
          data.open(
              checkpoint.network().input(), weights, note -> err().println("warning: " + note));
      checkClasses(checkpoint, dataset);
      LabelledImages images =
          dataset.hasTest() ? LabelledImages.none() : dataset.validation(data.limitTest);
      String split = images.size() > 0 ? MetricsRow.VALIDATION : MetricsRow.TEST;
      if (images.size() == 0) {
        images = dataset.hasTest() ? dataset.test(data.limitTest) : all(dataset);
      }
      dataset.checkBroken(data.skipBroken(), warning -> err().println("warning: " + warning));
      print(evaluate(checkpoint, dataset, images, split), dataset.classNames().size(), split);
    }
    return Cli.DONE;
  }

  /** The images of a folder without splits. */
  private LabelledImages all(Dataset dataset) throws IOException {
    err().println("note: %s has no test images: all images are measured".formatted(dataset.path()));
    return dataset.train(data.limitTest);
  }

  private Measurement evaluate(
      Checkpoint checkpoint, Dataset dataset, LabelledImages images, String split)
      throws IOException {
    try (ImageClassifier classifier = device.classifier(checkpoint);
        Progress progress = Progress.of("Testing", images.size(), "images", 1)) {
      RecordedLogits network = new RecordedLogits(classifier::logits);
      Measurement score =
          Measurement.of(network, images, batchSize, Loss.CROSS_ENTROPY, progress::stepTo);
      if (report != null) {
        Classifications scores = network.scores(images, dataset.classNames());
        Files.createDirectories(report);
        RunReport.write(report, summary(checkpoint, dataset, score, split), scores, images);
      }
      return score;
    }
  }

  private RunSummary summary(
      Checkpoint checkpoint, Dataset dataset, Measurement score, String split) throws IOException {
    Origin source = checkpoint.origin();
    JsonMapper mapper = new JsonMapper();
    ObjectNode config = mapper.createObjectNode();
    config
        .putObject("weights")
        .put("path", weights.toString())
        .put("format", source.format())
        .put("sha256", source.sha256());
    config
        .putObject("data")
        .put("path", dataset.path().toString())
        .put(split + "_images", score.images());
    config.set("versions", mapper.valueToTree(Versions.current()));
    return new RunSummary(words(), config, weights.toString(), 0, split, score.seconds());
  }

  private void checkClasses(Checkpoint checkpoint, Dataset dataset) {
    int classes = dataset.classNames().size();
    int found = checkpoint.network().classes();
    if (found != classes) {
      throw new MixerException(
          "%s: expected a head of %d classes, as %s has, found %s; fine-tune it on this data first"
              .formatted(
                  weights, classes, dataset.path(), found == 0 ? "no head" : "one of " + found));
    }
    List<String> names = checkpoint.info().classNames();
    if (!names.isEmpty() && !names.equals(dataset.classNames())) {
      err()
          .println(
              "warning: the weights' classes are %s, the data's are %s"
                  .formatted(String.join(", ", names), String.join(", ", dataset.classNames())));
    }
  }

  private record Result(
      double accuracy,
      double loss,
      long images,
      String split,
      int classes,
      double seconds,
      double imagesPerSecond) {}

  private void print(Measurement score, int classes, String split) {
    Result result =
        new Result(
            score.accuracy(),
            score.loss(),
            score.images(),
            split,
            classes,
            score.seconds(),
            score.imagesPerSecond());
    if (json) {
      printJson(Json.text(result));
    } else {
      print(
          "accuracy %.2f%%, cross-entropy %.4f, %d %s images, %.1f images/s",
          100 * result.accuracy, result.loss, result.images, result.split, result.imagesPerSecond);
    }
  }
}
