package dev.mixer4j.finetune.optim;

import java.nio.FloatBuffer;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/** Float32 tensors by name, in a file or in memory, which are read one at a time. */
public interface NamedTensors extends AutoCloseable {

  Map<String, Shape> shapes();

  /** Reads one tensor in row-major order; the destination's position moves past the values. */
  void read(String name, FloatBuffer destination);

  @Override
  void close();
}
