package dev.mixer4j.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The context in which a network adds its operations to a graph: the graph, the values of the
 * variables, and the mode, training or inference.
 *
 * <pre>{@code
 * Variables variables = new Variables(tf, network);
 * Outputs outputs = network.apply(Pass.inference(tf, variables::value), images);
 * }</pre>
 *
 * <p>A pass serves one call of {@link Network#apply}.
 */
public final class Pass {

  private final Ops tf;
  private final Function<String, Operand<TFloat32>> values;
  private final Precision precision;
  private final Regularization regularization;
  private final Operand<TInt64> seed;
  private final Predicate<String> trained;
  private final Map<String, Operand<TFloat32>> updates = new LinkedHashMap<>();
  private long masks;
  private boolean dropout;
  private boolean stochasticDepth;

  private Pass(
      Ops tf,
      Function<String, Operand<TFloat32>> values,
      Precision precision,
      Regularization regularization,
      Operand<TInt64> seed,
      Predicate<String> trained) {
    this.tf = tf;
    this.values = values;
    this.precision = precision;
    this.regularization = regularization;
    this.seed = seed;
    this.trained = trained;
  }

  /**
   * {@return a pass for inference in float32}
   *
   * @param tf the caller's graph
   * @param values a float32 operand for each variable's name
   */
  public static Pass inference(Ops tf, Function<String, Operand<TFloat32>> values) {
    return inference(tf, values, Precision.FLOAT32);
  }

  /**
   * {@return a pass for inference}
   *
   * @param tf the caller's graph
   * @param values a float32 operand for each variable's name
   * @param precision of the matrix products of hidden layers
   */
  public static Pass inference(
      Ops tf, Function<String, Operand<TFloat32>> values, Precision precision) {
    return new Pass(tf, values, precision, Regularization.NONE, null, name -> false);
  }

  /**
   * {@return a pass for training} The network's operations then need less memory for their
   * gradients, dropout is on, and batch norm uses the statistics of the batch.
   *
   * @param tf the caller's graph
   * @param values a float32 operand for each variable's name
   * @param precision of the matrix products of hidden layers
   * @param regularization the rates of dropout and stochastic depth
   * @param seed a scalar, another one for each step; it alone decides what is dropped
   * @param trained whether the variable of a name is updated; layers whose variables are frozen
   *     keep their running averages
   */
  public static Pass training(
      Ops tf,
      Function<String, Operand<TFloat32>> values,
      Precision precision,
      Regularization regularization,
      Operand<TInt64> seed,
      Predicate<String> trained) {
    return new Pass(tf, values, precision, regularization, seed, trained);
  }

  /** {@return the graph to add operations to} */
  public Ops tf() {
    return tf;
  }

  /**
   * {@return the value of a variable, float32 of the variable's shape}
   *
   * @param name of one of the network's variables
   */
  public Operand<TFloat32> value(String name) {
    return values.apply(name);
  }

  /** {@return the precision of the matrix products of hidden layers} */
  public Precision precision() {
    return precision;
  }

  /** {@return whether the network is being trained} */
  public boolean training() {
    return seed != null;
  }

  /**
   * {@return whether a training step updates a variable; false in inference and for frozen layers}
   *
   * @param name of one of the network's variables
   */
  public boolean trains(String name) {
    return trained.test(name);
  }

  /**
   * {@return x after dropout at the training's rate, of the same shape; x itself in inference}
   *
   * @param x of any shape
   */
  public Operand<TFloat32> dropout(Operand<TFloat32> x) {
    dropout = true;
    float rate = regularization.dropout();
    return rate == 0 ? x : tf.math.mul(x, mask(tf.shape(x), rate));
  }

  /**
   * {@return a residual branch after stochastic depth: zero for some images} The rate rises
   * linearly from 0 in the first block to the training's setting in the last.
   *
   * @param branch [batch, tokens, channels]
   * @param block counts from 0
   * @param blocks the number of blocks
   */
  public Operand<TFloat32> stochasticDepth(Operand<TFloat32> branch, int block, int blocks) {
    return stochasticDepth(branch, regularization.stochasticDepth(block, blocks));
  }

  /**
   * {@return a residual branch after stochastic depth at the training's rate, whatever the block}
   *
   * @param branch [batch, tokens, channels]
   */
  public Operand<TFloat32> stochasticDepth(Operand<TFloat32> branch) {
    return stochasticDepth(branch, regularization.stochasticDepth());
  }

  private Operand<TFloat32> stochasticDepth(Operand<TFloat32> branch, float rate) {
    stochasticDepth = true;
    if (rate == 0) {
      return branch;
    }
    Operand<TInt32> batch = tf.slice(tf.shape(branch), tf.array(0), tf.array(1));
    return tf.math.mul(
        branch, mask(tf.concat(List.of(batch, tf.array(1, 1)), tf.constant(0)), rate));
  }

  /** Zero for a share of the elements; the others are scaled up so that the mean is one. */
  private Operand<TFloat32> mask(Operand<TInt32> shape, float rate) {
    float keep = 1 - rate;
    Operand<TInt64> place = tf.stack(List.of(seed, tf.constant(masks++)));
    Operand<TFloat32> uniform = tf.random.statelessRandomUniform(shape, place, TFloat32.class);
    Operand<TBool> kept = tf.math.less(uniform, tf.constant(keep));
    return tf.math.mul(tf.dtypes.cast(kept, TFloat32.class), tf.constant(1 / keep));
  }

  /**
   * Asks for a new value of a variable that is not trainable, once a step. Where a batch is divided
   * among devices or micro-batches, the mean over their images is assigned.
   *
   * @param name of a variable that is not trainable
   * @param value the new value, of the variable's shape
   */
  public void update(String name, Operand<TFloat32> value) {
    if (updates.put(name, value) != null) {
      throw new IllegalStateException("two updates of " + name);
    }
  }

  /** {@return whether the network has asked for {@link #dropout} somewhere, at any rate} */
  public boolean hasDropout() {
    return dropout;
  }

  /** {@return whether the network has asked for {@link #stochasticDepth} somewhere, at any rate} */
  public boolean hasStochasticDepth() {
    return stochasticDepth;
  }

  /** {@return the new value of each variable that {@link #update} was called for} */
  public Map<String, Operand<TFloat32>> updates() {
    return Collections.unmodifiableMap(updates);
  }
}
