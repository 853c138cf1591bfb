package dev.mixer4j.finetune.command;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerClassifier;
import dev.mixer4j.finetune.session.TensorFloat32;
import dev.mixer4j.weights.MixerCheckpoint;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --device}, which all commands take that run the network. */
final class DeviceOption {

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      converter = Converter.class,
      description =
          "Where it computes: cpu, gpu, gpu:1 for the second one, or auto, which is a GPU if there"
              + " is one (default: auto).")
  private Device device; // null unless given: it needs TensorFlow's classes, and --help does not

  Device get() {
    return device == null ? Device.AUTO : device;
  }

  boolean isGiven() {
    return device != null;
  }

  /** Builds a network there that computes in float32. */
  MixerClassifier classifier(MixerCheckpoint weights) {
    TensorFloat32.allow(false);
    return new MixerClassifier(weights, weights.transform().orElse(ImageTransform.TIMM), get());
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
