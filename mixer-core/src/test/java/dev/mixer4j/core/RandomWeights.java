package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.Random;

/** Weights in which every tensor matters: no zero bias, no scale of one. */
public record RandomWeights(Network network, ModelInfo info, long seed) implements Model {

  public RandomWeights(Network network, long seed) {
    this(network, ModelInfo.NONE, seed);
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    Random random = new Random(seed ^ name.hashCode());
    var shape = network.shapes().get(name);
    double scale =
        name.endsWith("kernel")
            ? Math.sqrt(2.0 / shape.size() * shape.get(shape.numDimensions() - 1))
            : 0.3;
    for (long i = 0; i < shape.size(); i++) {
      destination.put((float) (random.nextGaussian() * scale + (name.endsWith("scale") ? 1 : 0)));
    }
  }

  @Override
  public void close() {}
}
