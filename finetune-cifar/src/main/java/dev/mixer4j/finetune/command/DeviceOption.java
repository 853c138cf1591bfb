package dev.mixer4j.finetune.command;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.finetune.session.TensorFloat32;
import dev.mixer4j.weights.Checkpoint;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The option {@code --device} of the commands that run a network. */
final class DeviceOption {

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      converter = Converter.class,
      description =
          "Device to compute on: cpu, gpu, gpu:1 for the second GPU, or auto, a GPU if there is one"
              + " (default: auto).")
  private Device device; // null unless given: it needs TensorFlow's classes, and --help does not

  Device get() {
    return device == null ? Device.AUTO : device;
  }

  boolean isGiven() {
    return device != null;
  }

  /** Builds a classifier on the device, in float32. */
  ImageClassifier classifier(Checkpoint weights) {
    return classifier(weights, weights.info());
  }

  /** The same with other information than the file's. */
  ImageClassifier classifier(Checkpoint weights, ModelInfo info) {
    TensorFloat32.allow(false);
    return new ImageClassifier(weights, info, get());
  }

  static final class Converter implements ITypeConverter<Device> {
    @Override
    public Device convert(String text) {
      try {
        return Device.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
