package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;

/** Weights in which every tensor matters: no zero bias, no scale of one. */
record RandomWeights(MixerConfig config, List<String> classNames, long seed)
    implements MixerWeights {

  RandomWeights(MixerConfig config, long seed) {
    this(config, List.of(), seed);
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    Random random = new Random(seed ^ name.hashCode());
    var shape = config.variables().get(name);
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
