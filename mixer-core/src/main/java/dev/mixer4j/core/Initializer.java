package dev.mixer4j.core;

import java.nio.FloatBuffer;
import java.util.Random;
import org.tensorflow.ndarray.Shape;

/**
 * A rule for the values of a variable before training. {@link InitialWeights} applies the rules of
 * a network's variables.
 *
 * <pre>{@code
 * Variable scale = new Variable("norm/scale", Shape.of(512), Initializer.ONES);
 * Variable kernel = new Variable("head/kernel", Shape.of(512, 10), new Initializer.Normal(0.02));
 * }</pre>
 */
public sealed interface Initializer {

  /** All zero. */
  Initializer ZEROS = new Constant(0);

  /** All one. */
  Initializer ONES = new Constant(1);

  /** Flax's default for kernels. */
  Initializer LECUN_NORMAL = new LecunNormal();

  /** For the kernels of dense layers. */
  Initializer XAVIER_UNIFORM = new XavierUniform();

  /**
   * The place of a variable among the random numbers of its network.
   *
   * @param seed of all the network's values
   * @param variable the name of the variable
   * @param earlier the random numbers that {@link TorchUniform} variables before it take
   */
  record Place(long seed, String variable, long earlier) {

    /** A sequence of random numbers for this variable alone. */
    private Random random() {
      return new Random(seed * 31 + variable.hashCode());
    }
  }

  /**
   * Writes a variable's values.
   *
   * @param shape of the variable
   * @param place of the variable among the random numbers
   * @param to takes the values in row-major order
   */
  void fill(Shape shape, Place place, FloatBuffer to);

  /**
   * {@return how many numbers of the network's common sequence a variable takes}
   *
   * @param shape of the variable
   */
  default long draws(Shape shape) {
    return 0;
  }

  /**
   * One value for all elements.
   *
   * @param value the value
   */
  record Constant(float value) implements Initializer {
    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      for (long i = shape.size(); i > 0; i--) {
        to.put(value);
      }
    }
  }

  /**
   * A normal distribution cut off at two standard deviations with variance 1/fan-in, {@code
   * flax.linen.initializers.lecun_normal}. Each variable has its own sequence of random numbers.
   */
  record LecunNormal() implements Initializer {

    /** The standard deviation of a standard normal distribution cut off at two. */
    private static final double TRUNCATED_STD = 0.87962566103423978;

    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      long fanIn = shape.size() / shape.get(shape.numDimensions() - 1);
      double std = Math.sqrt(1.0 / fanIn) / TRUNCATED_STD;
      Random random = place.random();
      for (long i = shape.size(); i > 0; i--) {
        to.put((float) (std * truncatedNormal(random)));
      }
    }

    private static double truncatedNormal(Random random) {
      double value = random.nextGaussian();
      while (Math.abs(value) > 2) {
        value = random.nextGaussian();
      }
      return value;
    }
  }

  /**
   * A uniform distribution with variance 2/(inputs + outputs), {@code
   * torch.nn.init.xavier_uniform_}, for kernels [in, out]. Each variable has its own sequence of
   * random numbers.
   */
  record XavierUniform() implements Initializer {
    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      double bound = Math.sqrt(6.0 / (shape.get(0) + shape.get(1)));
      Random random = place.random();
      for (long i = shape.size(); i > 0; i--) {
        to.put((float) (bound * (2 * random.nextDouble() - 1)));
      }
    }
  }

  /**
   * A normal distribution around 0. Each variable has its own sequence of random numbers.
   *
   * @param std standard deviation
   */
  record Normal(double std) implements Initializer {
    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      Random random = place.random();
      for (long i = shape.size(); i > 0; i--) {
        to.put((float) (std * random.nextGaussian()));
      }
    }
  }

  /**
   * PyTorch's {@code torch.randn}, from the sequence that {@link TorchUniform} variables share. The
   * values equal PyTorch's within 1e-6, whose logarithm depends on the processor; those of a
   * variable of fewer than 16 elements are others.
   */
  record TorchNormal() implements Initializer {

    private static final int BLOCK = 16;

    /** Box-Muller works on blocks; if the size is no multiple, the last block is drawn again. */
    @Override
    public long draws(Shape shape) {
      return shape.size() % BLOCK == 0 ? shape.size() : shape.size() + BLOCK;
    }

    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      MersenneTwister random = new MersenneTwister((int) place.seed());
      random.skip(place.earlier());
      int size = (int) shape.size();
      float[] values = new float[Math.max(size, BLOCK)];
      draw(random, values, 0, size);
      int last = size % BLOCK == 0 ? size : values.length - BLOCK;
      for (int start = 0; start + BLOCK <= last; start += BLOCK) {
        transform(values, start);
      }
      if (last < values.length) {
        draw(random, values, last, values.length);
        transform(values, last);
      }
      to.put(values, 0, size);
    }

    private static void draw(MersenneTwister random, float[] values, int from, int to) {
      for (int i = from; i < to; i++) {
        values[i] = (random.next() & 0xffffff) * 0x1p-24f;
      }
    }

    private static void transform(float[] values, int start) {
      for (int i = start; i < start + BLOCK / 2; i++) {
        double radius = Math.sqrt(-2 * Math.log(1 - values[i]));
        double angle = 2 * Math.PI * values[i + BLOCK / 2];
        values[i] = (float) (radius * Math.cos(angle));
        values[i + BLOCK / 2] = (float) (radius * Math.sin(angle));
      }
    }
  }

  /**
   * All zero, but numbers are taken from the sequence that {@link TorchUniform} variables share:
   * the bias of a PyTorch layer that is drawn and then set to zero.
   */
  record TorchZeroed() implements Initializer {
    @Override
    public long draws(Shape shape) {
      return shape.size();
    }

    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      ZEROS.fill(shape, place, to);
    }
  }

  /**
   * PyTorch's default for the weights and biases of its linear and convolution layers: uniform in
   * [-bound, bound]. All such variables of a network share one sequence of random numbers, in their
   * order, so that the values equal those of {@code torch.manual_seed(seed)} to the bit.
   *
   * @param bound the largest value
   */
  record TorchUniform(double bound) implements Initializer {

    /**
     * {@return PyTorch's default for a weight, {@code kaiming_uniform_(a=sqrt(5))}}
     *
     * @param fanIn the number of inputs of each output
     */
    public static TorchUniform weight(long fanIn) {
      return new TorchUniform(Math.sqrt(3) * (Math.sqrt(2.0 / 6) / Math.sqrt(fanIn)));
    }

    /**
     * {@return PyTorch's default for a bias}
     *
     * @param fanIn the number of inputs of each output
     */
    public static TorchUniform bias(long fanIn) {
      return new TorchUniform(1 / Math.sqrt(fanIn));
    }

    @Override
    public long draws(Shape shape) {
      return shape.size();
    }

    @Override
    public void fill(Shape shape, Place place, FloatBuffer to) {
      MersenneTwister random = new MersenneTwister((int) place.seed());
      random.skip(place.earlier());
      float from = (float) -bound;
      float range = (float) bound - from;
      int out = (int) shape.get(shape.numDimensions() - 1);
      int channels = shape.numDimensions() > 1 ? (int) shape.get(shape.numDimensions() - 2) : 1;
      int area = (int) (shape.size() / out / channels);
      int start = to.position();
      // PyTorch has the outputs first, then the inputs, then height and width.
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < channels; i++) {
          for (int a = 0; a < area; a++) {
            float value = (float) ((random.next() & 0xffffff) * 0x1p-24 * range + from);
            to.put(start + (a * channels + i) * out + o, value);
          }
        }
      }
      to.position(start + (int) shape.size());
    }
  }
}
