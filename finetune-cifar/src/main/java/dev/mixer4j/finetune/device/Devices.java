package dev.mixer4j.finetune.device;

import dev.mixer4j.core.Device;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The devices that a training runs on: one device, several GPUs of this machine, or the devices of
 * several machines.
 *
 * <pre>{@code
 * Devices cpu = Devices.of(Device.CPU);
 * Devices gpus = Devices.gpus(2);
 * Devices cluster = Devices.allGpus().inCluster(List.of("box1:2222", "box2:2222"));
 * }</pre>
 *
 * <p>Each device has a copy of the network and computes a share of every batch. Gradients are
 * summed, so each copy gets the update that a single device would make of the whole batch. On the
 * module path, several devices need Java's option {@code --add-opens
 * tensorflow/org.tensorflow=dev.mixer4j.finetune}.
 *
 * @param first the only device, or the first of several
 * @param gpus how many GPUs of each machine train; 0 for {@code first} alone, {@link #ALL} for all
 * @param cpus how many devices the CPU is divided into; more than 1 to try several devices without
 *     GPUs
 * @param cluster HOST:PORT of each process, this one first; empty for this process alone
 */
public record Devices(Device first, int gpus, int cpus, List<String> cluster) {

  /** All GPUs of a machine. */
  public static final int ALL = Integer.MAX_VALUE;

  /** The first GPU; the CPU if TensorFlow sees no GPU. */
  public static final Devices AUTO = of(Device.AUTO);

  private static final Pattern ADDRESS =
      Pattern.compile("([^:/\\s]+|\\[[0-9a-fA-F:]+]):[0-9]{1,5}");

  /**
   * Checks the numbers and addresses.
   *
   * @param first the only device, or the first of several
   * @param gpus 0 or more
   * @param cpus 1 or more
   * @param cluster empty, or two addresses or more
   * @throws IllegalArgumentException if a number is out of range or an address is not HOST:PORT
   */
  public Devices {
    Objects.requireNonNull(first, "first");
    cluster = List.copyOf(cluster);
    if (gpus < 0 || cpus < 1) {
      throw new IllegalArgumentException(
          "expected 0 or more GPUs and 1 or more CPU devices, found %d and %d"
              .formatted(gpus, cpus));
    }
    if (!cluster.isEmpty()) {
      check(cluster);
    }
  }

  private static void check(List<String> addresses) {
    if (addresses.size() < 2) {
      throw new IllegalArgumentException(
          "expected the addresses of two processes or more, found " + addresses);
    }
    for (String address : addresses) {
      if (!ADDRESS.matcher(address).matches() || port(address) > 65535 || port(address) == 0) {
        throw new IllegalArgumentException(
            "expected an address such as gpu-box:2222, found '" + address + "'");
      }
    }
    if (new HashSet<>(addresses).size() < addresses.size()) {
      throw new IllegalArgumentException("expected different addresses, found " + addresses);
    }
  }

  private static int port(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  /**
   * {@return one device of this machine}
   *
   * @param device where to train
   */
  public static Devices of(Device device) {
    return new Devices(device, 0, 1, List.of());
  }

  /**
   * {@return the first GPUs of this machine}
   *
   * @param count how many
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public static Devices gpus(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("expected a number of GPUs above 0, found " + count);
    }
    return new Devices(new Device(0, true), count, 1, List.of());
  }

  /** {@return all GPUs of this machine} */
  public static Devices allGpus() {
    return gpus(ALL);
  }

  /**
   * {@return the CPU divided into several devices, to try several devices without GPUs}
   *
   * @param count how many
   */
  public static Devices cpus(int count) {
    return new Devices(Device.CPU, 0, count, List.of());
  }

  /**
   * Adds other processes, on this machine or others, each of which runs {@code finetune-cifar
   * worker}. Uses all GPUs of each machine; falls back to CPUs if no machine has one. It is an
   * error if only some have a GPU. A training waits ten minutes for the workers. The connections
   * are neither encrypted nor authenticated, and each port is open on all addresses of its machine,
   * even where {@code localhost} is given: anyone who reaches a port can run anything that
   * TensorFlow can. Use private networks only.
   *
   * @param addresses HOST:PORT of each process, this one first
   * @return where to train; this process serves its port, with the GPUs of its first training,
   *     until it ends
   * @throws IllegalArgumentException if an address is not HOST:PORT, or there are fewer than two
   */
  public Devices inCluster(List<String> addresses) {
    check(List.copyOf(addresses));
    return new Devices(first, gpus, cpus, addresses);
  }

  @Override
  public String toString() {
    String own =
        gpus == 0
            ? cpus == 1 ? first.toString() : cpus + " CPU devices"
            : gpus == ALL ? "all GPUs" : gpus == 1 ? "1 GPU" : gpus + " GPUs";
    return cluster.isEmpty() ? own : own + " in " + String.join(",", cluster);
  }
}
