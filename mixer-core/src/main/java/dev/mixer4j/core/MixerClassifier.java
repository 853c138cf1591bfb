package dev.mixer4j.core;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
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
 * A loaded network that answers. Several threads may share one, and each gets the answers that it
 * would get alone. It holds native memory until closed.
 *
 * <pre>{@code
 * try (MixerClassifier classifier = MixerClassifier.load(Path.of("mixer-b16.h5"))) {
 *   List<Prediction> top = classifier.classify(ImageIO.read(file), 5);
 *   float[][] features = classifier.features(images);
 * }
 * }</pre>
 *
 * <p>Images may be of any size and type, but for lines of many million pixels, which are refused
 * with {@link IllegalArgumentException}; {@link ImageTransform} says what becomes of them, and the
 * weights' mean and standard deviation normalise them. Lists may be of any length. An image's
 * logits in a batch differ from those alone by rounding. After {@link #close()} every method that
 * runs the network throws {@link IllegalStateException}.
 */
public final class MixerClassifier implements AutoCloseable {

  /** Images that go through the network at once; more would take more memory. */
  private static final int BATCH = 8;

  private final MixerConfig config;
  private final ImageTransform transform;
  private final List<String> classNames;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TUint8> photo;
  private final Placeholder<TUint8> pixels;
  private final Operand<TFloat32> fitted;
  private final Operand<TFloat32> images;
  private final Mixer.Outputs outputs;
  private final ReadWriteLock lock = new ReentrantReadWriteLock(); // closing waits for answers
  private volatile boolean closed;

  /**
   * As {@link #MixerClassifier(MixerWeights, ImageTransform)}, with the weights' own transform, or
   * {@link ImageTransform#TIMM} where they know none.
   *
   * @param weights read once; the caller closes them
   */
  public MixerClassifier(MixerWeights weights) {
    this(weights, weights.transform().orElse(ImageTransform.TIMM));
  }

  /**
   * Builds the network on the first GPU or, where there is none, the processor, and loads the
   * weights.
   *
   * @param weights read once; the caller may close them afterwards
   * @param transform what becomes of images, whatever the weights say
   */
  public MixerClassifier(MixerWeights weights, ImageTransform transform) {
    this(weights, transform, Device.AUTO);
  }

  /**
   * Builds the network and loads the weights.
   *
   * @param weights read once; the caller may close them afterwards
   * @param transform what becomes of images, whatever the weights say
   * @param device where it computes; in one process always the same GPU
   * @throws MixerException if the device is not there
   */
  public MixerClassifier(MixerWeights weights, ImageTransform transform, Device device) {
    device.check();
    this.config = weights.config();
    this.transform = Objects.requireNonNull(transform, "transform");
    this.classNames = List.copyOf(weights.classNames());
    try {
      Ops tf = Ops.create(graph);
      long size = config.imageSize();
      photo = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      fitted =
          Preprocessing.normalize(
              tf, config, Preprocessing.transform(tf, config, ImageTransform.FIT, photo));
      pixels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      Operand<TFloat32> resized =
          Preprocessing.normalize(tf, config, Preprocessing.resize(tf, config, pixels));
      images = tf.placeholderWithDefault(resized, Shape.of(-1, size, size, 3));
      MixerVariables variables = new MixerVariables(tf, config);
      outputs = Mixer.inference(tf, config, variables::value, images);
      session = new Session(graph, device.sessionOptions().build());
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

  /**
   * Loads a file of weights, whose images become what it says or, where it does not, what {@link
   * ImageTransform#TIMM} does. With the artifact weight-import on the class path: the .h5 files
   * that it writes, and checkpoints of JAX, PyTorch, safetensors, Keras, Paddle and TensorFlow.
   *
   * @param path a file, or the prefix or folder of a TensorFlow checkpoint
   * @return the classifier, which the caller closes
   * @throws MixerFileException if there is no such file, or it cannot be read
   * @throws MixerException if it is no sound file of a Mixer's weights (weight-import's {@code
   *     WeightsException}), or no artifact that reads weights is there
   */
  public static MixerClassifier load(Path path) {
    return load(path, MixerClassifier::new);
  }

  /**
   * As {@link #load(Path)}, with another transform.
   *
   * @param path as in {@link #load(Path)}
   * @param transform what becomes of images, whatever the file says
   * @return the classifier, which the caller closes
   * @throws MixerFileException if there is no such file, or it cannot be read
   * @throws MixerException if it is no sound file of a Mixer's weights, or no artifact that reads
   *     weights is there
   */
  public static MixerClassifier load(Path path, ImageTransform transform) {
    return load(path, weights -> new MixerClassifier(weights, transform));
  }

  private static MixerClassifier load(Path path, Function<MixerWeights, MixerClassifier> build) {
    // Our own class loader: a thread's may be any, as in pools.
    ClassLoader classLoader = MixerWeightsLoader.class.getClassLoader();
    MixerWeightsLoader loader =
        ServiceLoader.load(MixerWeightsLoader.class, classLoader)
            .findFirst()
            .orElseThrow(
                () ->
                    new MixerException(
                        path
                            + ": expected an artifact on the class path that reads weights, found"
                            + " none; add dev.mixer4j:weight-import"));
    try (MixerWeights weights = loader.open(path)) {
      return build.apply(weights);
    } catch (IOException e) {
      throw new MixerFileException(path, e);
    } catch (UncheckedIOException e) {
      throw new MixerFileException(path, e.getCause());
    }
  }

  /** {@return the network's numbers} */
  public MixerConfig config() {
    return config;
  }

  /** {@return what becomes of images} */
  public ImageTransform transform() {
    return transform;
  }

  /** {@return the classes' names in the order of the logits; empty where they are not known} */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * The logits of normalised images.
   *
   * @param batch [batch, imageSize, imageSize, 3] float32
   * @return [batch][classes]; the features where the network has no head
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] logits(TFloat32 batch) {
    return fetch(outputs.logits(), images, ofImages(batch));
  }

  /**
   * The logits of images that are resized (stretched, bilinear) and normalised on the way.
   *
   * @param batch [batch, height, width, 3] uint8
   * @return [batch][classes]; the features where the network has no head
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] logits(TUint8 batch) {
    checkShape(batch, Shape.of(-1, -1, -1, 3));
    return fetch(outputs.logits(), pixels, batch);
  }

  /**
   * The pooled features of normalised images, which the head classifies.
   *
   * @param batch [batch, imageSize, imageSize, 3] float32
   * @return [batch][hiddenSize]
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] features(TFloat32 batch) {
    return fetch(outputs.features(), images, ofImages(batch));
  }

  /**
   * The logits of images.
   *
   * @param batch images of any size and type
   * @return [images][classes]; the features where the network has no head
   */
  public float[][] logits(List<BufferedImage> batch) {
    return fetch(outputs.logits(), batch);
  }

  /**
   * The pooled features of images, which the head classifies: after the last normalisation,
   * averaged over the tokens.
   *
   * @param batch images of any size and type
   * @return [images][hiddenSize]
   */
  public float[][] features(List<BufferedImage> batch) {
    return fetch(outputs.features(), batch);
  }

  /**
   * The probabilities of all classes: the softmax of the logits.
   *
   * @param batch images of any size and type
   * @return [images][classes], in the order of {@link #classNames()}
   * @throws MixerException if the network has no head
   */
  public float[][] probabilities(List<BufferedImage> batch) {
    if (config.classes() == 0) {
      throw new MixerException(
          "expected a head to classify with, found none; features() needs none");
    }
    float[][] rows = logits(batch);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = softmax(rows[i]);
    }
    return rows;
  }

  /**
   * The most probable classes of one image, the best first.
   *
   * @param image of any size and type
   * @param top how many, above 0; all where there are fewer
   * @return as many classes, or all of them
   * @throws MixerException if the network has no head
   * @throws IllegalArgumentException if {@code top} is below 1
   */
  public List<Prediction> classify(BufferedImage image, int top) {
    return classify(List.of(image), top).get(0);
  }

  /**
   * The most probable classes of each image, the best first.
   *
   * @param batch images of any size and type
   * @param top how many, above 0; all where there are fewer
   * @return a list for each image
   * @throws MixerException if the network has no head
   * @throws IllegalArgumentException if {@code top} is below 1
   */
  public List<List<Prediction>> classify(List<BufferedImage> batch, int top) {
    if (top < 1) {
      throw new IllegalArgumentException("top must be above 0, found " + top);
    }
    return Arrays.stream(probabilities(batch)).map(row -> best(row, top)).toList();
  }

  private List<Prediction> best(float[] probabilities, int top) {
    return IntStream.range(0, probabilities.length)
        .mapToObj(i -> new Prediction(i, Prediction.label(classNames, i), probabilities[i]))
        .sorted(Comparator.comparing(Prediction::probability).reversed())
        .limit(top)
        .toList();
  }

  private TFloat32 ofImages(TFloat32 batch) {
    checkShape(batch, Shape.of(-1, config.imageSize(), config.imageSize(), 3));
    return batch;
  }

  /** TensorFlow's kernels end the process where the dimensions are not as many as they expect. */
  private static void checkShape(Tensor batch, Shape expected) {
    if (!expected.isCompatibleWith(batch.shape())) {
      throw new IllegalArgumentException(
          "expected a batch of shape %s, found %s".formatted(expected, batch.shape()));
    }
  }

  private float[][] fetch(Operand<TFloat32> what, List<BufferedImage> batch) {
    if (batch.isEmpty()) {
      checkOpen();
    }
    boolean fit = transform.mode() == ImageTransform.Mode.FIT;
    int atOnce = fit ? 1 : BATCH;
    float[][] rows = new float[batch.size()][];
    for (int i = 0; i < rows.length; i += atOnce) {
      List<BufferedImage> part = batch.subList(i, Math.min(i + atOnce, rows.length));
      float[][] some = fit ? fetchFitted(what, part.get(0)) : fetchTransformed(what, part);
      System.arraycopy(some, 0, rows, i, some.length);
    }
    return rows;
  }

  private float[][] fetchFitted(Operand<TFloat32> what, BufferedImage image) {
    Shape shape = Shape.of(1, image.getHeight(), image.getWidth(), 3);
    try (TUint8 input = TUint8.tensorOf(shape, DataBuffers.of(RgbPixels.of(image), true, false));
        Result prepared = run(fitted, photo, input)) {
      return fetch(what, images, prepared.get(0));
    }
  }

  private float[][] fetchTransformed(Operand<TFloat32> what, List<BufferedImage> batch) {
    int size = config.imageSize();
    int bytes = Math.multiplyExact(size * size, 3);
    ByteBuffer levels = ByteBuffer.allocate(Math.multiplyExact(batch.size(), bytes));
    for (BufferedImage image : batch) {
      levels.put(transform.apply(image, size));
    }
    try (TUint8 input =
        TUint8.tensorOf(
            Shape.of(batch.size(), size, size, 3), DataBuffers.of(levels.array(), true, false))) {
      return fetch(what, pixels, input); // resizing to the size they have changes nothing
    }
  }

  private float[][] fetch(Operand<TFloat32> what, Operand<?> input, Tensor batch) {
    try (Result result = run(what, input, batch)) {
      return StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
    }
  }

  private Result run(Operand<TFloat32> what, Operand<?> input, Tensor batch) {
    lock.readLock().lock();
    try {
      checkOpen();
      return session.runner().feed(input.asOutput(), batch).fetch(what).run();
    } finally {
      lock.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this MixerClassifier is closed");
    }
  }

  /**
   * {@return shares of 1 that are proportional to the exponentials of the logits}
   *
   * @param logits one image's, [classes]
   */
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

  /**
   * Frees graph, session and weights, once calls of other threads are done; again, it does nothing.
   */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
        graph.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
