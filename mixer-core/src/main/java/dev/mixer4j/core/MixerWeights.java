package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * A network's numbers, wherever they lie: in a file, in a session, in memory. Tensors are read one
 * at a time, so that a source need not hold them all.
 */
public interface MixerWeights extends AutoCloseable {

  /** The network these weights are for. */
  MixerConfig config();

  /** The classes' names in the order of the logits; empty where they are not known. */
  List<String> classNames();

  /**
   * Reads one variable's float32 values in row-major order.
   *
   * @param name a name of {@link MixerConfig#variables()}
   * @param destination takes the values from its position on; its position moves past them
   */
  void read(String name, FloatBuffer destination);

  /** Frees what the source holds. */
  @Override
  void close();
}
