package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.tensorflow.ndarray.Shape;

/**
 * Untrained weights as {@code vit_jax/models_mixer.py} starts from: kernels LeCun-normal (a normal
 * distribution cut at two standard deviations, variance 1/fan-in), scales one, biases and head
 * zero.
 */
public final class InitialWeights implements MixerWeights {

  /** Standard deviation of a standard normal distribution cut at two, which Flax divides by. */
  private static final double TRUNCATED_STD = 0.87962566103423978;

  private final MixerConfig config;
  private final long seed;

  /**
   * Weights of a network.
   *
   * @param config the network that the weights are for
   * @param seed one seed gives the same numbers on every machine
   */
  public InitialWeights(MixerConfig config, long seed) {
    this.config = config;
    this.seed = seed;
  }

  @Override
  public MixerConfig config() {
    return config;
  }

  @Override
  public List<String> classNames() {
    return List.of();
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    Shape shape = config.variables().get(name);
    boolean normal = name.endsWith("/kernel") && !name.startsWith("head/");
    float constant = name.endsWith("/scale") ? 1f : 0f;
    long fanIn = shape.size() / shape.get(shape.numDimensions() - 1);
    double std = Math.sqrt(1.0 / fanIn) / TRUNCATED_STD;
    // Each tensor has its own stream, so its numbers do not depend on the order of reading.
    Random random = new Random(seed * 31 + name.hashCode());
    for (long i = 0; i < shape.size(); i++) {
      destination.put(normal ? (float) (std * truncatedNormal(random)) : constant);
    }
  }

  private static double truncatedNormal(Random random) {
    double value = random.nextGaussian();
    while (Math.abs(value) > 2) {
      value = random.nextGaussian();
    }
    return value;
  }

  @Override
  public void close() {}
}
