package dev.mixer4j.finetune.optim;

import java.nio.FloatBuffer;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/** Float32 tensors by name, in a file or in memory. They are read one at a time. */
public interface NamedTensors extends AutoCloseable {

  Map<String, Shape> shapes();

  /** Puts a tensor's values, in row-major order, into a buffer; its position moves past them. */
  void read(String name, FloatBuffer destination);

  @Override
  default void close() {}
}
