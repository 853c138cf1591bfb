package dev.mixer4j.core;

import java.nio.FloatBuffer;

/**
 * The untrained weights of a network: each variable has the values of its {@link Initializer}.
 *
 * <pre>{@code
 * Network network = Networks.preset("LeNet-5").orElseThrow();
 * Weights weights = new InitialWeights(network, 1);
 * }</pre>
 */
public final class InitialWeights implements Weights {

  private final Network network;
  private final long seed;

  /**
   * Creates weights of a network.
   *
   * @param network that the weights are for
   * @param seed the same seed gives the same values on every machine
   */
  public InitialWeights(Network network, long seed) {
    this.network = network;
    this.seed = seed;
  }

  @Override
  public Network network() {
    return network;
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    long earlier = 0;
    for (Variable variable : network.variables()) {
      if (variable.name().equals(name)) {
        variable
            .initializer()
            .fill(variable.shape(), new Initializer.Place(seed, name, earlier), destination);
        return;
      }
      earlier += variable.initializer().draws(variable.shape());
    }
    throw new IllegalArgumentException("no variable is called " + name);
  }

  @Override
  public void close() {}
}
