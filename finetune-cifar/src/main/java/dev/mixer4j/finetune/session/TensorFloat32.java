package dev.mixer4j.finetune.session;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Optional;
import org.tensorflow.TensorFlow;

/**
 * This process's switch for TF32 in matrix products on GPUs, as Python's {@code
 * tf.config.experimental.enable_tensor_float_32_execution} sets it. TensorFlow starts with TF32 on,
 * and TensorFlow-Java has no method for it.
 */
public final class TensorFloat32 {

  /** On Linux only, like TensorFlow's support of NVIDIA's GPUs. */
  public static final String LIBRARY = "libtensorflow_framework.so.2";

  private TensorFloat32() {}

  /** Sets whether GPUs may round factors to 11 significant bits. */
  public static void allow(boolean allowed) {
    function("_ZN3tsl32enable_tensor_float_32_executionEb")
        .ifPresent(function -> function.invokeVoid(new Object[] {allowed ? 1 : 0}));
  }

  /** Whether TF32 is on; empty if this build of TensorFlow has no such switch. */
  public static Optional<Boolean> allowed() {
    // A C++ bool: all but the lowest byte of its register is undefined.
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
              } catch (UnsatisfiedLinkError e) { // of another version
                return null;
              }
            });
  }
}
