package dev.mixer4j.weights.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.write.CheckpointWriter;
import dev.mixer4j.weights.write.TargetFormat;
import java.io.IOException;
import java.util.Objects;
import org.tensorflow.ndarray.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

@Command(
    name = "init",
    abbreviateSynopsis = true,
    modelTransformer = InitCommand.Options.class,
    description = {
      "Writes untrained weights: those that 'finetune-cifar train --model' starts with if it gets the"
          + " same network and seed."
    })
final class InitCommand extends Subcommand {

  @Option(
      names = "--model",
      required = true,
      paramLabel = "NAME",
      description =
          "The network: a family or preset, which 'import-weights models' lists, or a JSON file, such"
              + " as a run's config.json.")
  private String model;

  @Mixin private TargetOptions target;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Seed of the random values (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--classes",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Number of classes (default: the network's own).")
  private Integer classes;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Size of the images (default: the network's own).")
  private Integer imageSize;

  @Option(
      names = "--channels",
      paramLabel = "N",
      converter = NumberConverter.Positive.class,
      description = "Channels of the images: 1 for gray, 3 for RGB (default: the network's own).")
  private Integer channels;

  @Mixin private NormalizationOptions normalization;

  static final class Options implements IModelTransformer {
    @Override
    public CommandSpec transform(CommandSpec command) {
      return ModelOptions.add(command);
    }
  }

  @Override
  public Integer call() throws IOException {
    Network network = network();
    TargetFormat format = target.checkedFormat();
    format.prepare();
    long bytes = network.shapes().values().stream().mapToLong(Shape::size).sum() * Float.BYTES;
    try (InitialWeights weights = new InitialWeights(network, seed);
        Progress progress = Progress.of("Writing", bytes, "MB", 1_000_000)) {
      CheckpointWriter.write(
          target.path(), format, weights, ModelInfo.NONE, target.overwrite(), progress::step);
    }
    new Summary(out()).print(target.path(), new Metadata(network, ModelInfo.NONE));
    return Cli.DONE;
  }

  private Network network() throws IOException {
    ObjectNode named = JsonNodeFactory.instance.objectNode().put("name", model);
    try {
      Network network = ModelOptions.network(spec(), named, imageSize, channels, () -> null);
      ImageInput input = network.input();
      network =
          network.withInput(
              input.withNormalization(
                  Objects.requireNonNullElse(normalization.mean(), input.mean()),
                  Objects.requireNonNullElse(normalization.std(), input.std())));
      return classes == null ? network : network.withClasses(classes);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }
}
