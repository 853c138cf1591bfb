package dev.mixer4j.finetune.session;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.tensorflow.TensorFlow;

/**
 * This process's switch for TF32 in matrix products on GPUs, as Python's {@code
 * tf.config.experimental.enable_tensor_float_32_execution} sets it. TensorFlow starts with TF32 on,
 * and TensorFlow-Java has no method for it. Its build for CUDA has the switch twice, in two
 * libraries, and the kernels read the second one's.
 */
public final class TensorFloat32 {

  /** On Linux only, like TensorFlow's support of NVIDIA's GPUs. */
  public static final String LIBRARY = "libtensorflow_framework.so.2";

  private static final List<String> LIBRARIES = List.of(LIBRARY, "libtensorflow_cc.so.2");

  private TensorFloat32() {}

  /** Sets whether GPUs may round factors to 11 significant bits. */
  public static void allow(boolean allowed) {
    functions("_ZN3tsl32enable_tensor_float_32_executionEb")
        .forEach(function -> function.invokeVoid(new Object[] {allowed ? 1 : 0}));
  }

  /** Whether TF32 is on in each library; empty if this build of TensorFlow has no such switch. */
  public static List<Boolean> allowed() {
    // A C++ bool: all but the lowest byte of its register is undefined.
    return functions("_ZN3tsl33tensor_float_32_execution_enabledEv")
        .map(function -> (function.invokeInt(new Object[0]) & 0xff) != 0)
        .toList();
  }

  private static Stream<Function> functions(String name) {
    TensorFlow.version(); // loads them
    return LIBRARIES.stream()
        .flatMap(library -> LoadedLibraries.file(library).stream())
        .flatMap(file -> function(file, name).stream());
  }

  private static Optional<Function> function(String file, String name) {
    try {
      return Optional.of(NativeLibrary.getInstance(file).getFunction(name));
    } catch (UnsatisfiedLinkError e) { // of another version
      return Optional.empty();
    }
  }
}
