package dev.mixer4j.finetune.session;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Optional;
import org.tensorflow.TensorFlow;

/**
 * TensorFlow's process-wide switch for TF32, as Python's {@code
 * tf.config.experimental.enable_tensor_float_32_execution}. TensorFlow-Java has no API for it. It
 * is on when TensorFlow starts, and only affects matrix products on GPUs.
 */
public final class TensorFloat32 {

  /** The library that has the switch, on Linux. */
  public static final String LIBRARY = "libtensorflow_framework.so.2";

  private TensorFloat32() {}

  /** Sets whether a GPU may round factors to 11 significant bits. */
  public static void allow(boolean allowed) {
    function("_ZN3tsl32enable_tensor_float_32_executionEb")
        .ifPresent(function -> function.invokeVoid(new Object[] {allowed ? 1 : 0}));
  }

  /** Whether it may; empty if this build of TensorFlow has no such switch. */
  public static Optional<Boolean> allowed() {
    // A C++ bool: all but the lowest byte of the register is undefined.
    return function("_ZN3tsl33tensor_float_32_execution_enabledEv")
        .map(function -> (function.invokeInt(new Object[0]) & 0xff) != 0);
  }

  private static Optional<Function> function(String name) {
    TensorFlow.version(); // loads it
    return LoadedLibraries.file(LIBRARY)
        .map(
            path -> {
              try {
                return NativeLibrary.getInstance(path).getFunction(name);
              } catch (UnsatisfiedLinkError e) { // another version
                return null;
              }
            });
  }
}
