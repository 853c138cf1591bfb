package dev.mixer4j.finetune.command;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Prediction;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.finetune.data.ImageFiles;
import dev.mixer4j.finetune.report.Json;
import dev.mixer4j.finetune.report.Table;
import dev.mixer4j.weights.Checkpoint;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.NumberConverter;
import dev.mixer4j.weights.command.Progress;
import dev.mixer4j.weights.command.Subcommand;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "predict",
    description = {
      "Classifies PNG and JPEG images of any size, and those of whole folders.",
      "Images are resized and cropped as the weights say, which 'import-weights inspect' shows. If"
          + " they say nothing, a Mixer gets timm's center-crop 0.875 bicubic, another network the"
          + " whole image: squash bilinear.",
      "An image that cannot be read is reported, and the others are classified; the exit code is 3."
    })
final class PredictCommand extends Subcommand {

  /** Images that are classified at once. */
  private static final int BATCH = 16;

  /** After so many, no further image is read before they are classified. */
  private static final long MOST_PIXELS = 32_000_000;

  /** The components are the fields of the JSON: either predictions or an error. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Answer(String file, List<Prediction> predictions, String error) {}

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W.h5",
      description = "Weights of any readable format.")
  private Path weights;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "1..*",
      description = "A PNG or JPEG file, or a folder: all images below it.")
  private List<Path> images;

  @Option(
      names = "--top",
      defaultValue = "5",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Classes to show, the most probable first (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--transform",
      paramLabel = "TRANSFORM",
      converter = TransformConverter.class,
      description =
          "How images are resized and cropped, instead of what the weights say: 'center-crop 0.875"
              + " bicubic', 'squash bilinear', 'fit' or the like.")
  private ImageTransform transform;

  @Mixin private DeviceOption device;

  @ArgGroup private Format format = new Format();

  private static final class Format {
    @Option(
        names = "--csv",
        description = "CSV with a row for each image: file, label_1, probability_1, label_2 ...")
    private boolean csv;

    @Option(names = "--json", description = "One JSON array, for programs.")
    private boolean json;
  }

  @Override
  public Integer call() throws IOException {
    List<Path> files = files();
    List<Answer> all = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(weights)) {
      if (checkpoint.network().classes() == 0) {
        throw new MixerException(weights + ": expected a head to classify with, found none");
      }
      ModelInfo info =
          transform == null ? checkpoint.info() : checkpoint.info().withTransform(transform);
      try (ImageClassifier classifier = device.classifier(checkpoint, info);
          Progress progress = Progress.besideOutput("Classifying", files.size(), "images")) {
        if (format.csv) {
          printHeader(Math.min(top, checkpoint.network().classes()));
        }
        for (int next = 0; next < files.size(); ) {
          List<Answer> answers = classify(classifier, files.subList(next, files.size()), top);
          answers.forEach(this::print);
          all.addAll(answers);
          next += answers.size();
          progress.step(answers.size());
        }
      }
    }
    if (format.json) {
      printJson(Json.text(all));
    }
    return all.stream().allMatch(answer -> answer.error == null) ? Cli.DONE : Cli.BAD_INPUT;
  }

  /** The images that were named, and those of folders in their place. */
  private List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path named : images) {
      if (!Files.isDirectory(named)) {
        files.add(named);
        continue;
      }
      ImageFiles found = ImageFiles.below(named);
      ImageFiles.note(named, found.skipped()).ifPresent(note -> err().println("note: " + note));
      if (found.files().isEmpty()) {
        throw new MixerException(named + ": expected images (.png, .jpg, .jpeg), found none");
      }
      files.addAll(found.files());
    }
    return files;
  }

  /** Classifies the first files, as many as a batch and memory hold. */
  private static List<Answer> classify(ImageClassifier classifier, List<Path> files, int top) {
    List<Answer> answers = new ArrayList<>();
    List<BufferedImage> readable = new ArrayList<>();
    long pixels = 0;
    for (Path file : files) {
      if (answers.size() == BATCH || pixels > MOST_PIXELS) {
        break;
      }
      String error = null;
      try {
        BufferedImage image = ImageFile.read(file);
        pixels += (long) image.getWidth() * image.getHeight();
        readable.add(image);
      } catch (IOException | MixerException e) {
        error = Cli.message(e);
      }
      answers.add(new Answer(file.toString(), null, error));
    }
    if (!readable.isEmpty()) {
      Iterator<List<Prediction>> predictions = classifier.classify(readable, top).iterator();
      answers.replaceAll(
          each -> each.error == null ? new Answer(each.file, predictions.next(), null) : each);
    }
    return answers;
  }

  private void printHeader(int classes) {
    StringBuilder header = new StringBuilder("file");
    for (int rank = 1; rank <= classes; rank++) {
      header.append(",label_%d,probability_%d".formatted(rank, rank));
    }
    out().println(header);
  }

  private void print(Answer answer) {
    if (answer.error != null) {
      printError(answer.error);
    } else if (format.csv) {
      StringBuilder row = new StringBuilder(Table.cell(answer.file));
      for (Prediction each : answer.predictions) {
        row.append(',').append(Table.cell(each.label()));
        row.append(String.format(Locale.ROOT, ",%.6f", each.probability()));
      }
      out().println(row);
    } else if (!format.json) {
      out().println(answer.file);
      for (Prediction prediction : answer.predictions) {
        print("  %6.2f%%  %s", 100 * prediction.probability(), prediction.label());
      }
    }
  }
}
