package dev.mixer4j.finetune.command;

import dev.mixer4j.finetune.device.Devices;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that choose devices: {@code --device}, {@code --gpus} and {@code --cluster}. */
final class PlacementOptions {

  static final List<String> NAMES = List.of("--device", "--gpus", "--cluster");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Mixin private DeviceOption device;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      description =
          "Train on the first N GPUs of this machine, or on all, which share each batch; instead of"
              + " --device.")
  private String gpus;

  @Option(
      names = "--cluster",
      paramLabel = "HOST:PORT",
      split = ",",
      description =
          "Addresses of the processes that train together, the training's own first; 'finetune-cifar"
              + " worker' runs the others. Use trusted networks only.")
  private List<String> cluster;

  Devices get() {
    Devices own = own();
    return cluster == null ? own : checked("--cluster", () -> own.inCluster(cluster));
  }

  private Devices own() {
    if (gpus == null) {
      return Devices.of(device.get());
    }
    if (device.isGiven()) {
      throw error("give --gpus or --device, not both");
    }
    if (gpus.equals("all")) {
      return Devices.allGpus();
    }
    if (!gpus.matches("[0-9]{1,4}")) {
      throw error("--gpus: expected a number or all, found '" + gpus + "'");
    }
    return checked("--gpus", () -> Devices.gpus(Integer.parseInt(gpus)));
  }

  /** The devices of a worker, which must name the cluster. */
  Devices inCluster() {
    if (cluster == null) {
      throw error("Missing required option: '--cluster=HOST:PORT'");
    }
    return get();
  }

  private <T> T checked(String option, Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException e) {
      throw error(option + ": " + e.getMessage());
    }
  }

  private ParameterException error(String message) {
    return new ParameterException(command.commandLine(), message);
  }
}
