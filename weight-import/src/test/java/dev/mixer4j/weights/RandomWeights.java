package dev.mixer4j.weights;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.network.Mixer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Weights in memory, of which no two tensors are alike. */
public record RandomWeights(Network network, ModelInfo info) implements Model {

  /** A Mixer of 2 x 2 tokens, so small that its files are nearly all directory. */
  public static final Mixer TINY = Mixer.of(4, 2, 3, 1, 2, 5, 2);

  public RandomWeights(Network network) {
    this(network, List.of());
  }

  public RandomWeights(Network network, List<String> classNames) {
    this(network, classNames, Optional.empty());
  }

  public RandomWeights(
      Network network, List<String> classNames, Optional<ImageTransform> transform) {
    this(network, new ModelInfo(classNames, transform, Optional.empty()));
  }

  public float[] values(String name) {
    Random random = new Random(name.hashCode());
    float[] values = new float[(int) network.shapes().get(name).size()];
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
