package dev.mixer4j.core;

import java.awt.image.BufferedImage;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

/**
 * A loaded network that answers. It holds native memory until closed; several threads may share it.
 *
 * <pre>{@code
 * try (MixerWeights weights = ...; MixerClassifier classifier = new MixerClassifier(weights)) {
 *   List<Prediction> top = classifier.classify(ImageIO.read(file), 5);
 * }
 * }</pre>
 */
public final class MixerClassifier implements AutoCloseable {

  private final MixerConfig config;
  private final List<String> classNames;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TUint8> photo;
  private final Placeholder<TUint8> pixels;
  private final Operand<TFloat32> fitted;
  private final Operand<TFloat32> images;
  private final Mixer.Outputs outputs;

  /** Builds the network and loads the weights, which may be closed afterwards. */
  public MixerClassifier(MixerWeights weights) {
    this.config = weights.config();
    this.classNames = List.copyOf(weights.classNames());
    try {
      Ops tf = Ops.create(graph);
      long size = config.imageSize();
      photo = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, 3)));
      fitted = Preprocessing.normalize(tf, config, Preprocessing.fit(tf, config, photo));
      pixels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      Operand<TFloat32> resized =
          Preprocessing.normalize(tf, config, Preprocessing.resize(tf, config, pixels));
      images = tf.placeholderWithDefault(resized, Shape.of(-1, size, size, 3));
      MixerVariables variables = new MixerVariables(tf, config);
      outputs = Mixer.inference(tf, config, variables::value, images);
      session = new Session(graph);
      try {
        variables.load(session, weights);
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  /** The network's numbers. */
  public MixerConfig config() {
    return config;
  }

  /** The classes' names in the order of the logits; empty where they are not known. */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * The logits of normalised images.
   *
   * @param batch [batch, imageSize, imageSize, 3] float32
   * @return [batch][classes]
   */
  public float[][] logits(TFloat32 batch) {
    return fetch(outputs.logits(), images, batch);
  }

  /**
   * The logits of images that are resized (stretched, bilinear) and normalised on the way.
   *
   * @param batch [batch, height, width, 3] uint8
   * @return [batch][classes]
   */
  public float[][] logits(TUint8 batch) {
    return fetch(outputs.logits(), pixels, batch);
  }

  /**
   * The pooled features of normalised images, which the head classifies.
   *
   * @param batch [batch, imageSize, imageSize, 3] float32
   * @return [batch][hiddenSize]
   */
  public float[][] features(TFloat32 batch) {
    return fetch(outputs.features(), images, batch);
  }

  /**
   * The most probable classes of one image of any size, the best first. The image is scaled so that
   * its shorter side fits, and its middle is classified.
   *
   * @param top how many; all where there are fewer
   */
  public List<Prediction> classify(BufferedImage image, int top) {
    try (TUint8 input = tensor(image);
        Result prepared = session.runner().feed(photo, input).fetch(fitted).run()) {
      float[] probabilities = softmax(logits((TFloat32) prepared.get(0))[0]);
      return IntStream.range(0, probabilities.length)
          .mapToObj(i -> new Prediction(i, label(i), probabilities[i]))
          .sorted(Comparator.comparing(Prediction::probability).reversed())
          .limit(top)
          .toList();
    }
  }

  private String label(int index) {
    return index < classNames.size() ? classNames.get(index) : "class " + index;
  }

  private float[][] fetch(Operand<TFloat32> what, Operand<?> input, Tensor batch) {
    try (Result result = session.runner().feed(input.asOutput(), batch).fetch(what).run()) {
      return StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
    }
  }

  /** Shares of 1 that are proportional to the exponentials of the logits. */
  public static float[] softmax(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    float[] shares = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      shares[i] = (float) (Math.exp(logits[i] - max) / sum);
    }
    return shares;
  }

  private static TUint8 tensor(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    int[] row = new int[width];
    int next = 0;
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int rgb : row) {
        bytes[next++] = (byte) (rgb >> 16);
        bytes[next++] = (byte) (rgb >> 8);
        bytes[next++] = (byte) rgb;
      }
    }
    return TUint8.tensorOf(Shape.of(height, width, 3), DataBuffers.of(bytes, true, false));
  }

  /** Frees graph, session and weights; the classifier is of no use afterwards. */
  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
