package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A network's numbers, wherever they lie: in a file, in a session, in memory. Tensors are read one
 * at a time, so that a source need not hold them all.
 */
public interface MixerWeights extends AutoCloseable {

  /** {@return the configuration of the network that these weights are for} */
  MixerConfig config();

  /** {@return the classes' names in the order of the logits; empty where they are not known} */
  List<String> classNames();

  /** {@return what becomes of an image before these weights see it; empty where it is not known} */
  default Optional<ImageTransform> transform() {
    return Optional.empty();
  }

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
