package dev.mixer4j.finetune.command;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import dev.mixer4j.finetune.device.Devices;
import dev.mixer4j.finetune.session.Cluster;
import dev.mixer4j.finetune.session.TensorFloat32;
import dev.mixer4j.finetune.session.TrainingDevices;
import dev.mixer4j.weights.command.Cli;
import dev.mixer4j.weights.command.Subcommand;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "worker",
    description = {
      "Lends this process's devices to a training in another process, and exits when it ends.",
      "The training is 'finetune-cifar train' with the same --cluster; only it needs weights and"
          + " data. The list of addresses must be the same everywhere. The port is open on all of this"
          + " machine's addresses, and anyone who reaches it can run anything here: use trusted"
          + " networks only."
    })
final class WorkerCommand extends Subcommand {

  /** After this many unanswered connections the training counts as ended. */
  private static final int SILENCES = 4;

  @Mixin private PlacementOptions devices;

  @Option(
      names = "--task",
      required = true,
      paramLabel = "N",
      description = "This process's place among the addresses, from 1; 0 is the training.")
  private int task;

  @Option(
      names = "--tf32",
      description = "Let GPUs use TF32, for a training with --precision tf32 or bfloat16.")
  private boolean tf32;

  /** Exits without Java's shutdown, which may crash while TensorFlow's threads compute. */
  private static void end() {
    if (Platform.isWindows()) {
      Runtime.getRuntime().halt(StopSignal.EXIT_CODE);
    }
    NativeLibrary.getProcess().getFunction("_exit").invokeVoid(new Object[] {StopSignal.EXIT_CODE});
  }

  @Override
  public Integer call() {
    Devices chosen = devices.inCluster();
    Cluster cluster = new Cluster(chosen.cluster());
    TrainingDevices own = new TrainingDevices(chosen);
    if (task < 1 || task >= cluster.addresses().size()) {
      throw usage(
          "--task: expected 1 to %d, the place of one of the other addresses, found %d"
              .formatted(cluster.addresses().size() - 1, task));
    }
    Signals.register("INT", WorkerCommand::end);
    Signals.register("TERM", WorkerCommand::end);
    TensorFloat32.allow(tf32);
    own.checkOwn();
    cluster.serve(task, own.options());
    err()
        .println(
            "serving at %s, task %d of %d; waiting for the training at %s"
                .formatted(
                    cluster.addresses().get(task),
                    task,
                    cluster.addresses().size(),
                    cluster.addresses().get(0)));
    err()
        .println(
            "warning: TensorFlow listens on this port at all addresses of the machine, and whoever"
                + " reaches it can run programs here; let a firewall admit only the other processes");
    while (!cluster.answers(0)) {
      Cluster.pause();
    }
    err().println("training");
    for (int silences = 0; silences < SILENCES; Cluster.pause()) {
      silences = cluster.answers(0) ? 0 : silences + 1;
    }
    err().println("the training has ended");
    return Cli.DONE;
  }
}
