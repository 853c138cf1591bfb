package dev.mixer4j.core;

import java.nio.FloatBuffer;

/**
 * The values of a network's variables: in a file, in a session or in memory.
 *
 * <pre>{@code
 * FloatBuffer bias = FloatBuffer.allocate(weights.network().classes());
 * weights.read("head/bias", bias);
 * }</pre>
 *
 * <p>Variables are read one at a time, so a source need not hold all of them in memory.
 */
public interface Weights extends AutoCloseable {

  /** {@return the network that these weights are for} */
  Network network();

  /**
   * Reads one variable's float32 values in row-major order.
   *
   * @param name of one of the network's variables
   * @param destination takes the values from its position on; its position moves past them
   */
  void read(String name, FloatBuffer destination);

  /** Frees the memory and files that the source holds. */
  @Override
  void close();
}
