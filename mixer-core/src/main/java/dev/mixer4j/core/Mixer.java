package dev.mixer4j.core;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Mean;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The MLP-Mixer of arXiv 2105.01601, figure 1 and appendix E, as TensorFlow operations; it follows
 * {@code vit_jax/models_mixer.py} of google-research/vision_transformer in structure and names. One
 * definition serves inference, training and export: weights come from the caller, by name.
 */
public final class Mixer {

  /**
   * What the network gives.
   *
   * @param blocks each block's output, [batch, tokens, hidden] float32
   * @param features normalised and averaged over the tokens, [batch, hidden] float32
   * @param logits [batch, classes] float32; the features themselves where there is no head
   */
  public record Outputs(
      List<Operand<TFloat32>> blocks, Operand<TFloat32> features, Operand<TFloat32> logits) {}

  private final Ops tf;
  private final MixerConfig config;
  private final Function<String, Operand<TFloat32>> weights;
  private final Precision precision;
  private final Regularization regularization;
  private final Operand<TInt64> seed;
  private final boolean training;
  private long masks;

  private Mixer(
      Ops tf,
      MixerConfig config,
      Function<String, Operand<TFloat32>> weights,
      Precision precision,
      Regularization regularization,
      Operand<TInt64> seed) {
    this.tf = tf;
    this.config = config;
    this.weights = weights;
    this.precision = precision;
    this.regularization = regularization;
    this.seed = seed;
    this.training = seed != null;
  }

  /**
   * Adds the network to the caller's graph, with nothing dropped, in float32.
   *
   * @param tf the caller's graph
   * @param config the network
   * @param weights a float32 operand for each name of {@link MixerConfig#variables()}
   * @param images normalised, [batch, imageSize, imageSize, 3] float32
   * @return operands of that graph
   */
  public static Outputs inference(
      Ops tf,
      MixerConfig config,
      Function<String, Operand<TFloat32>> weights,
      Operand<TFloat32> images) {
    return inference(tf, config, weights, images, Precision.FLOAT32);
  }

  /**
   * As the other, in any precision.
   *
   * @param tf the caller's graph
   * @param config the network
   * @param weights a float32 operand for each name of {@link MixerConfig#variables()}
   * @param images normalised, [batch, imageSize, imageSize, 3] float32
   * @param precision of the MLPs' products
   * @return operands of that graph
   */
  public static Outputs inference(
      Ops tf,
      MixerConfig config,
      Function<String, Operand<TFloat32>> weights,
      Operand<TFloat32> images,
      Precision precision) {
    return new Mixer(tf, config, weights, precision, Regularization.NONE, null).apply(images);
  }

  /**
   * As {@link #inference}, with dropout and stochastic depth, and with less memory for a gradient.
   *
   * @param tf the caller's graph
   * @param config the network
   * @param weights a float32 operand for each name of {@link MixerConfig#variables()}
   * @param images normalised, [batch, imageSize, imageSize, 3] float32
   * @param precision of the MLPs' products
   * @param regularization what is dropped, and how much of it
   * @param seed a scalar, int64, another one for each step: it alone decides what is dropped
   * @return operands of that graph
   */
  public static Outputs training(
      Ops tf,
      MixerConfig config,
      Function<String, Operand<TFloat32>> weights,
      Operand<TFloat32> images,
      Precision precision,
      Regularization regularization,
      Operand<TInt64> seed) {
    return new Mixer(tf, config, weights, precision, regularization, seed).apply(images);
  }

  private Outputs apply(Operand<TFloat32> images) {
    List<Operand<TFloat32>> blocks = new ArrayList<>();
    Operand<TFloat32> x = stem(images);
    for (int i = 0; i < config.blocks(); i++) {
      x = block(x, "MixerBlock_" + i, regularization.stochasticDepth(i, config.blocks()));
      blocks.add(x);
    }
    x = layerNorm(x, "pre_head_layer_norm");
    Operand<TFloat32> features = tf.math.mean(x, tf.constant(1));
    Operand<TFloat32> logits =
        config.classes() == 0 ? features : dense(features, "head", Precision.FLOAT32);
    return new Outputs(List.copyOf(blocks), features, logits);
  }

  /** One linear map for each patch: [batch, height, width, 3] to [batch, tokens, hidden]. */
  private Operand<TFloat32> stem(Operand<TFloat32> images) {
    List<Long> strides = List.of(1L, (long) config.patchSize(), (long) config.patchSize(), 1L);
    Operand<TFloat32> patches =
        tf.nn.conv2d(images, weights.apply("stem/kernel"), strides, "VALID");
    patches = tf.nn.biasAdd(patches, weights.apply("stem/bias"));
    return rows(patches, config.tokens(), config.hiddenSize());
  }

  private Operand<TFloat32> block(Operand<TFloat32> x, String name, float skipped) {
    int tokens = config.tokens();
    int channels = config.hiddenSize();
    Operand<TFloat32> y = transpose(layerNorm(x, name + "/LayerNorm_0"));
    y = transpose(mlp(y, name + "/token_mixing", channels, tokens));
    x = tf.math.add(x, skip(y, skipped));
    y = mlp(layerNorm(x, name + "/LayerNorm_1"), name + "/channel_mixing", tokens, channels);
    return tf.math.add(x, skip(y, skipped));
  }

  /** Mixes along the last axis: [batch, rows, size] to the same shape. */
  private Operand<TFloat32> mlp(Operand<TFloat32> x, String name, int rows, int size) {
    // As one matrix, because TensorFlow fuses bias and GELU into a product of matrices only.
    Operand<TFloat32> y = tf.reshape(x, tf.array(-1, size));
    y = dropout(gelu(dense(y, name + "/Dense_0", precision)));
    return rows(dropout(dense(y, name + "/Dense_1", precision)), rows, size);
  }

  private Operand<TFloat32> gelu(Operand<TFloat32> x) {
    return training ? config.gelu().applyInTraining(tf, x) : config.gelu().apply(tf, x);
  }

  private Operand<TFloat32> dense(Operand<TFloat32> x, String name, Precision chosen) {
    Operand<TFloat32> product = chosen.matMul(tf, x, weights.apply(name + "/kernel"));
    return tf.nn.biasAdd(product, weights.apply(name + "/bias"));
  }

  /** Normalises over the channels, the last axis. */
  private Operand<TFloat32> layerNorm(Operand<TFloat32> x, String name) {
    Operand<TFloat32> mean = tf.math.mean(x, tf.constant(-1), Mean.keepDims(true));
    Operand<TFloat32> centred = tf.math.sub(x, mean);
    Operand<TFloat32> variance =
        tf.math.mean(tf.math.square(centred), tf.constant(-1), Mean.keepDims(true));
    Operand<TFloat32> inverse =
        tf.math.rsqrt(tf.math.add(variance, tf.constant(config.layerNormEpsilon())));
    Operand<TFloat32> scale = tf.math.mul(inverse, weights.apply(name + "/scale"));
    return tf.math.add(tf.math.mul(centred, scale), weights.apply(name + "/bias"));
  }

  private Operand<TFloat32> dropout(Operand<TFloat32> x) {
    float share = regularization.dropout();
    return share == 0 ? x : tf.math.mul(x, mask(tf.shape(x), share));
  }

  /** Stochastic depth: [batch, tokens, hidden] becomes zero for whole images. */
  private Operand<TFloat32> skip(Operand<TFloat32> branch, float share) {
    if (share == 0) {
      return branch;
    }
    Operand<TInt32> batch = tf.slice(tf.shape(branch), tf.array(0), tf.array(1));
    return tf.math.mul(
        branch, mask(tf.concat(List.of(batch, tf.array(1, 1)), tf.constant(0)), share));
  }

  /** Zero for a share of its elements; the others make up for them, so that its mean is one. */
  private Operand<TFloat32> mask(Operand<TInt32> shape, float share) {
    float keep = 1 - share;
    Operand<TInt64> place = tf.stack(List.of(seed, tf.constant(masks++)));
    Operand<TFloat32> uniform = tf.random.statelessRandomUniform(shape, place, TFloat32.class);
    Operand<TBool> kept = tf.math.less(uniform, tf.constant(keep));
    return tf.math.mul(tf.dtypes.cast(kept, TFloat32.class), tf.constant(1 / keep));
  }

  private Operand<TFloat32> transpose(Operand<TFloat32> x) {
    return tf.linalg.transpose(x, tf.array(0, 2, 1));
  }

  private Operand<TFloat32> rows(Operand<TFloat32> x, int rows, int size) {
    return tf.reshape(x, tf.array(-1, rows, size));
  }
}
