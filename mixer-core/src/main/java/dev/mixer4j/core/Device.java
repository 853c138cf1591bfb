package dev.mixer4j.core;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/**
 * The device that a session computes on: the CPU or one GPU of this machine.
 *
 * <pre>{@code
 * Device device = Device.parse("gpu:1");
 * device.check(); // throws a MixerException if TensorFlow cannot use this GPU
 * Session session = new Session(graph, device.sessionOptions().build());
 * }</pre>
 *
 * <p>TensorFlow binds a process to the GPUs of its first session. Later sessions can use only those
 * GPUs, in the same order.
 *
 * @param gpu the GPU's index, counted from 0 as CUDA does; -1 for the CPU
 * @param required whether a missing GPU is an error
 */
public record Device(int gpu, boolean required) {

  /** The first GPU, or the CPU if TensorFlow sees no GPU. */
  public static final Device AUTO = new Device(0, false);

  /** The CPU, even if there is a GPU. */
  public static final Device CPU = new Device(-1, true);

  private static final Pattern GPU = Pattern.compile("gpu(?::([0-9]{1,3}))?");

  /**
   * Checks the index.
   *
   * @param gpu -1 or more
   * @param required whether a missing GPU is an error
   * @throws IllegalArgumentException if the index is below -1
   */
  public Device {
    if (gpu < -1) {
      throw new IllegalArgumentException("expected a GPU's number or -1, found " + gpu);
    }
  }

  /**
   * {@return the device of a name, whether it exists or not}
   *
   * @param name {@code auto}, {@code cpu}, {@code gpu}, or {@code gpu:1} for the second GPU
   * @throws IllegalArgumentException if the name is another one
   */
  public static Device parse(String name) {
    if (name.equals(AUTO.toString())) {
      return AUTO;
    }
    if (name.equals(CPU.toString())) {
      return CPU;
    }
    Matcher gpu = GPU.matcher(name);
    if (!gpu.matches()) {
      throw new IllegalArgumentException(
          "expected auto, cpu, gpu or the number of a GPU such as gpu:1, found '" + name + "'");
    }
    return new Device(gpu.group(1) == null ? 0 : Integer.parseInt(gpu.group(1)), true);
  }

  /**
   * {@return the options of a session on this device, to which others can be added} On a GPU the
   * session takes memory as it needs it; TensorFlow's default is to take all memory at once.
   */
  public ConfigProto.Builder sessionOptions() {
    ConfigProto.Builder options = ConfigProto.newBuilder().setAllowSoftPlacement(true);
    if (gpu < 0) {
      options.putDeviceCount("GPU", 0);
    } else {
      options.getGpuOptionsBuilder().setAllowGrowth(true).setVisibleDeviceList("" + gpu);
    }
    return options;
  }

  /**
   * Checks that a required GPU works, by a small computation on it.
   *
   * @throws MixerException if TensorFlow cannot use the GPU
   */
  public void check() {
    if (!required || gpu < 0) {
      return;
    }
    try (Graph graph = new Graph()) {
      DeviceSpec first =
          DeviceSpec.newBuilder().deviceType(DeviceSpec.DeviceType.GPU).deviceIndex(0).build();
      Ops tf = Ops.create(graph).withDevice(first);
      Operand<TFloat32> sum = tf.math.add(tf.constant(1f), tf.constant(2f));
      ConfigProto options = sessionOptions().setAllowSoftPlacement(false).build();
      try (Session session = new Session(graph, options)) {
        session.runner().fetch(sum).run().close();
      }
    } catch (RuntimeException e) { // its class depends on where TensorFlow fails
      throw new MixerException(
          this + ": TensorFlow sees no such GPU; 'finetune-cifar doctor' says what is missing", e);
    }
  }

  @Override
  public String toString() {
    if (gpu < 0) {
      return "cpu";
    }
    return required ? gpu == 0 ? "gpu" : "gpu:" + gpu : "auto";
  }
}
