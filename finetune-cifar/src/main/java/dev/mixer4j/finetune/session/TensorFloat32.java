package dev.mixer4j.finetune.session;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.Optional;
import org.tensorflow.TensorFlow;

/**
 * TensorFlow's switch for TF32, a process's own, as {@code
 * tf.config.experimental.enable_tensor_float_32_execution} of Python sets it. It is on when
 * TensorFlow starts, and TensorFlow-Java has no way to it. Nothing but products on GPUs looks at
 * it.
 */
public final class TensorFloat32 {

  /** Its file, which is there on Linux, and so wherever TensorFlow knows NVIDIA's GPUs. */
  public static final String LIBRARY = "libtensorflow_framework.so.2";

  private TensorFloat32() {}

  /** Decides whether a GPU may round what it multiplies to 11 significant bits. */
  public static void allow(boolean allowed) {
    function("_ZN3tsl32enable_tensor_float_32_executionEb")
        .ifPresent(function -> function.invokeVoid(new Object[] {allowed ? 1 : 0}));
  }

  /** Whether it may; empty where the build of TensorFlow has no such switch, nor use for it. */
  public static Optional<Boolean> allowed() {
    // A C++ bool, of whose register all but the lowest byte is undefined.
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
