package dev.mixer4j.core;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Pixels;
import dev.mixer4j.core.image.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
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
 * An image classifier: a network with loaded weights. Threads may share one. It holds native memory
 * until it is closed.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(Path.of("mixer-b16.h5"))) {
 *   List<Prediction> top = classifier.classify(ImageFile.read(Path.of("photo.jpg")), 5);
 *   float[][] features = classifier.features(images);
 * }
 * }</pre>
 *
 * <p>Images may be of any size and type; rows of many million pixels are refused with {@link
 * IllegalArgumentException}. {@link ImageTransform} resizes and crops them, and the network's mean
 * and standard deviation normalize them. Lists may be of any length. An image's logits in a batch
 * differ from those alone by rounding. After {@link #close()} every method that runs the network
 * throws {@link IllegalStateException}.
 */
public final class ImageClassifier implements AutoCloseable {

  /** Images that go through the network at once; more would take more memory. */
  private static final int BATCH = 8;

  private final Network network;
  private final ImageInput input;
  private final ImageTransform transform;
  private final List<String> classNames;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TUint8> photo;
  private final Placeholder<TUint8> pixels;
  private final Operand<TFloat32> fitted;
  private final Operand<TFloat32> images;
  private final Outputs outputs;
  private final ReadWriteLock lock = new ReentrantReadWriteLock(); // closing waits for answers
  private volatile boolean closed;

  /**
   * Builds the network on the first GPU, or on the CPU if there is none, and loads the weights.
   *
   * @param model read once; the caller may close it afterwards
   */
  public ImageClassifier(Model model) {
    this(model, model.info());
  }

  /**
   * Builds the network on the first GPU, or on the CPU if there is none, and loads the weights.
   *
   * @param weights read once; the caller may close them afterwards
   * @param info has the class names and the transform; {@link Network#defaultTransform} if not
   *     known
   */
  public ImageClassifier(Weights weights, ModelInfo info) {
    this(weights, info, Device.AUTO);
  }

  /**
   * Builds the network and loads the weights.
   *
   * @param weights read once; the caller may close them afterwards
   * @param info has the class names and the transform; {@link Network#defaultTransform} if not
   *     known
   * @param device to compute on; a process can use only one GPU
   * @throws MixerException if there is no such device
   */
  public ImageClassifier(Weights weights, ModelInfo info, Device device) {
    device.check();
    this.network = weights.network();
    this.input = network.input();
    this.transform = info.transformOrDefault(network);
    this.classNames = info.classNames();
    try {
      Ops tf = Ops.create(graph);
      photo = tf.placeholder(TUint8.class, Placeholder.shape(pixelShape()));
      fitted =
          Preprocessing.normalize(
              tf, input, Preprocessing.transform(tf, input, ImageTransform.FIT, photo));
      pixels = tf.placeholder(TUint8.class, Placeholder.shape(pixelShape()));
      Operand<TFloat32> resized =
          Preprocessing.normalize(tf, input, Preprocessing.resize(tf, input, pixels));
      images = tf.placeholderWithDefault(resized, imageShape());
      Variables variables = new Variables(tf, network);
      outputs = network.apply(Pass.inference(tf, variables::value), images);
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

  private Shape pixelShape() {
    return Shape.of(-1, -1, -1, input.channels());
  }

  private Shape imageShape() {
    return Shape.of(-1, input.height(), input.width(), input.channels());
  }

  /**
   * Loads a file of weights, with the transform that the file names, or {@link
   * Network#defaultTransform} if it names none. With the artifact weight-import on the class path
   * it reads the .h5 files that weight-import writes, and checkpoints of JAX, PyTorch, safetensors,
   * Keras, Paddle and TensorFlow.
   *
   * @param path a file, or the prefix or folder of a TensorFlow checkpoint
   * @return the classifier, which the caller closes
   * @throws MixerFileException if there is no such file, or it cannot be read
   * @throws MixerException if the file is damaged or holds no network that is known
   *     (weight-import's {@code WeightsException}), or no artifact that reads weights is on the
   *     class path
   */
  public static ImageClassifier load(Path path) {
    return load(path, ImageClassifier::new);
  }

  /**
   * Loads a file of weights with another transform; see {@link #load(Path)}.
   *
   * @param path a file, or the prefix or folder of a TensorFlow checkpoint
   * @param transform how images are resized and cropped, whatever the file says
   * @return the classifier, which the caller closes
   * @throws MixerFileException if there is no such file, or it cannot be read
   * @throws MixerException as {@link #load(Path)}
   */
  public static ImageClassifier load(Path path, ImageTransform transform) {
    return load(path, model -> new ImageClassifier(model, model.info().withTransform(transform)));
  }

  private static ImageClassifier load(Path path, Function<Model, ImageClassifier> build) {
    // Not the thread's class loader, which may be any.
    WeightsLoader loader =
        ServiceLoader.load(WeightsLoader.class, WeightsLoader.class.getClassLoader())
            .findFirst()
            .orElseThrow(
                () ->
                    new MixerException(
                        path
                            + ": expected an artifact on the class path that reads weights, found"
                            + " none; add dev.mixer4j:weight-import"));
    try (Model model = loader.open(path)) {
      return build.apply(model);
    } catch (IOException e) {
      throw new MixerFileException(path, e);
    } catch (UncheckedIOException e) {
      throw new MixerFileException(path, e.getCause());
    }
  }

  /** {@return the network} */
  public Network network() {
    return network;
  }

  /** {@return how images are resized and cropped} */
  public ImageTransform transform() {
    return transform;
  }

  /** {@return the classes' names in the order of the logits; empty if not known} */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * {@return the logits of normalized images, [batch][classes]; the features if there is no head}
   *
   * @param batch [batch, height, width, channels] float32
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] logits(TFloat32 batch) {
    checkShape(batch, imageShape());
    return fetch(outputs.logits(), images, batch);
  }

  /**
   * {@return the logits of pixels, [batch][classes]; the features if there is no head} The pixels
   * are stretched to the network's size, bilinear, and normalized.
   *
   * @param batch [batch, height, width, channels] uint8
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] logits(TUint8 batch) {
    checkShape(batch, pixelShape());
    return fetch(outputs.logits(), pixels, batch);
  }

  /**
   * {@return the features of normalized images, [batch][featureSize], which the head classifies}
   *
   * @param batch [batch, height, width, channels] float32
   * @throws IllegalArgumentException if the batch has another shape
   */
  public float[][] features(TFloat32 batch) {
    checkShape(batch, imageShape());
    return fetch(outputs.features(), images, batch);
  }

  /**
   * {@return the logits of images, [images][classes]; the features if there is no head}
   *
   * @param batch images of any size and type
   */
  public float[][] logits(List<BufferedImage> batch) {
    return fetch(outputs.logits(), batch);
  }

  /**
   * {@return the features of images, [images][featureSize], which the head classifies}
   *
   * @param batch images of any size and type
   */
  public float[][] features(List<BufferedImage> batch) {
    return fetch(outputs.features(), batch);
  }

  /**
   * {@return the probabilities of all classes, [images][classes]: the softmax of the logits}
   *
   * @param batch images of any size and type
   * @throws MixerException if the network has no head
   */
  public float[][] probabilities(List<BufferedImage> batch) {
    if (network.classes() == 0) {
      throw new MixerException(
          "expected a head to classify with, found none; features() needs none");
    }
    float[][] rows = logits(batch);
    for (int i = 0; i < rows.length; i++) {
      double[] shares = Logits.softmax(rows[i]);
      for (int c = 0; c < shares.length; c++) {
        rows[i][c] = (float) shares[c];
      }
    }
    return rows;
  }

  /**
   * {@return the most probable classes of an image, the best first}
   *
   * @param image of any size and type
   * @param top the number of classes, above 0; all if there are fewer
   * @throws MixerException if the network has no head
   * @throws IllegalArgumentException if {@code top} is below 1
   * @throws NullPointerException if the image is null, as ImageIO.read gives for no image
   */
  public List<Prediction> classify(BufferedImage image, int top) {
    return classify(Collections.singletonList(image), top).get(0);
  }

  /**
   * {@return the most probable classes of each image, the best first}
   *
   * @param batch images of any size and type
   * @param top the number of classes, above 0; all if there are fewer
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

  /** TensorFlow's kernels crash the process if the number of dimensions is not what they expect. */
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
    for (BufferedImage image : batch) {
      Objects.requireNonNull(
          image, "an image is null: ImageIO.read gives null if it reads no image");
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
    Shape shape = Shape.of(1, image.getHeight(), image.getWidth(), input.channels());
    byte[] levels = new Pixels(image, input.channels()).all();
    try (TUint8 batch = TUint8.tensorOf(shape, DataBuffers.of(levels, true, false));
        Result prepared = run(fitted, photo, batch)) {
      return fetch(what, images, prepared.get(0));
    }
  }

  private float[][] fetchTransformed(Operand<TFloat32> what, List<BufferedImage> batch) {
    Shape shape = Shape.of(batch.size(), input.height(), input.width(), input.channels());
    ByteBuffer levels = ByteBuffer.allocate(Math.toIntExact(shape.size()));
    for (BufferedImage image : batch) {
      levels.put(transform.apply(image, input));
    }
    try (TUint8 resized = TUint8.tensorOf(shape, DataBuffers.of(levels.array(), true, false))) {
      return fetch(what, pixels, resized); // resizing to the size they have changes nothing
    }
  }

  private float[][] fetch(Operand<TFloat32> what, Operand<?> to, Tensor batch) {
    try (Result result = run(what, to, batch)) {
      return StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
    }
  }

  private Result run(Operand<TFloat32> what, Operand<?> to, Tensor batch) {
    lock.readLock().lock();
    try {
      checkOpen();
      return session.runner().feed(to.asOutput(), batch).fetch(what).run();
    } finally {
      lock.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this ImageClassifier is closed");
    }
  }

  /**
   * Frees graph, session and weights once calls of other threads are done. A second call does
   * nothing.
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
