package dev.mixer4j.weights;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Weights in memory, of which no two tensors are alike. */
public record RandomWeights(
    MixerConfig config, List<String> classNames, Optional<ImageTransform> transform)
    implements MixerWeights {

  /** A Mixer of 2 x 2 tokens, so small that its files are nearly all directory. */
  public static final MixerConfig TINY = MixerConfig.of(4, 2, 3, 1, 2, 5, 2);

  public RandomWeights(MixerConfig config) {
    this(config, List.of());
  }

  public RandomWeights(MixerConfig config, List<String> classNames) {
    this(config, classNames, Optional.empty());
  }

  public float[] values(String name) {
    Random random = new Random(name.hashCode());
    float[] values = new float[(int) config.variables().get(name).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    destination.put(values(name));
  }

  @Override
  public void close() {}
}
