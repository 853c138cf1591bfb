package dev.mixer4j.finetune.optim;

import java.nio.FloatBuffer;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * Float32 tensors by name, wherever they lie: in a file, in memory. They are read one at a time.
 */
public interface NamedTensors extends AutoCloseable {

  /** Each tensor's shape. */
  Map<String, Shape> shapes();

  /**
   * Reads one tensor's values in row-major order.
   *
   * @param name a key of {@link #shapes()}
   * @param destination takes the values from its position on; its position moves past them
   */
  void read(String name, FloatBuffer destination);

  /** Frees what the source holds. */
  @Override
  void close();
}
