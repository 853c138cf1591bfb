package dev.mixer4j.finetune;

import dev.mixer4j.core.Mixer;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerVariables;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Preprocessing;
import dev.mixer4j.core.Regularization;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariables;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.losses.Losses;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * A network in training: one graph and session whose variables each step updates, and which answers
 * with them as they are. It holds native memory until closed.
 */
final class TrainingGraph implements AutoCloseable {

  /**
   * What a step found before its update.
   *
   * @param loss the batch's mean cross-entropy
   * @param logits [batch][classes]
   */
  record Step(float loss, float[][] logits) {}

  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TUint8> pixels;
  private final Placeholder<TInt32> labels;
  private final Placeholder<TBool> flips;
  private final Placeholder<TInt64> dropSeed;
  private final MixerVariables variables;
  private final Operand<TFloat32> trainLogits;
  private final Operand<TFloat32> loss;
  private final Operand<TFloat32> logits;
  private final Optimizer.Updates updates;
  private long steps;

  /** Builds the graph and loads the weights, which may be closed afterwards. */
  TrainingGraph(MixerWeights start, Optimizer optimizer, Regularization regularization) {
    try {
      MixerConfig config = start.config();
      Ops tf = Ops.create(graph);
      pixels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      labels = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
      flips = tf.placeholder(TBool.class, Placeholder.shape(Shape.of(-1)));
      dropSeed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
      variables = new MixerVariables(tf, config);
      Operand<TFloat32> augmented = prepare(tf, config, flip(tf, pixels, flips));
      trainLogits =
          Mixer.training(tf, config, variables::value, augmented, regularization, dropSeed)
              .logits();
      loss = crossEntropy(tf, labels, trainLogits, config.classes());
      updates = optimizer.build(tf, parameters(config));
      Operand<TFloat32> plain = prepare(tf, config, pixels);
      logits = Mixer.inference(tf, config, variables::value, plain).logits();
      session = new Session(graph, threads());
      try {
        variables.load(session, start);
        new StateVariables(tf, updates.state()).initialize(session);
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
   * Mirrors some of the images left to right.
   *
   * @param pixels [batch, height, width, 3] uint8
   * @param flips [batch] bool
   */
  static Operand<TUint8> flip(Ops tf, Operand<TUint8> pixels, Operand<TBool> flips) {
    Operand<TBool> chosen = tf.reshape(flips, tf.array(-1, 1, 1, 1));
    return tf.select(chosen, tf.reverse(pixels, tf.array(2)), pixels);
  }

  private static Operand<TFloat32> prepare(Ops tf, MixerConfig config, Operand<TUint8> pixels) {
    return Preprocessing.normalize(tf, config, Preprocessing.resize(tf, config, pixels));
  }

  /** The framework's loss uses the dense operation: the sparse one has no gradient here. */
  private static Operand<TFloat32> crossEntropy(
      Ops tf, Operand<TInt32> labels, Operand<TFloat32> logits, int classes) {
    Operand<TFloat32> expected =
        tf.oneHot(labels, tf.constant(classes), tf.constant(1f), tf.constant(0f));
    Operand<TFloat32> each = Losses.categoricalCrossentropy(tf, expected, logits, true, 0f, -1);
    return tf.math.mean(each, tf.constant(0));
  }

  private List<Optimizer.Parameter> parameters(MixerConfig config) {
    List<String> names = List.copyOf(config.variables().keySet());
    Output<?>[] values =
        names.stream().map(name -> variables.value(name).asOutput()).toArray(Output<?>[]::new);
    Output<?>[] gradients = graph.addGradients(loss.asOutput(), values);
    List<Optimizer.Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      @SuppressWarnings("unchecked") // a gradient has the type of what it is the gradient of
      Operand<TFloat32> gradient = (Output<TFloat32>) gradients[i];
      String name = names.get(i);
      parameters.add(
          new Optimizer.Parameter(
              name, config.variables().get(name), variables.handle(name), gradient));
    }
    return parameters;
  }

  /** Fixed numbers of threads, since the order in which sums are split decides their last bits. */
  private static ConfigProto threads() {
    return ConfigProto.newBuilder()
        .setIntraOpParallelismThreads(Runtime.getRuntime().availableProcessors())
        .setInterOpParallelismThreads(1)
        .build();
  }

  /**
   * One update of every variable.
   *
   * @param pixelValues [batch, height, width, 3] uint8, of any size
   * @param labelValues [batch], below the number of classes
   * @param flipValues [batch], true for an image to mirror
   * @param seed decides, with the number of the step, what is dropped
   */
  Step step(
      TUint8 pixelValues, int[] labelValues, boolean[] flipValues, double learningRate, long seed) {
    steps++;
    List<TFloat32> scalars = new ArrayList<>();
    Session.Runner runner = session.runner().feed(pixels, pixelValues).fetch(loss);
    try (TInt32 labelTensor = TInt32.vectorOf(labelValues);
        TBool flipTensor = TBool.vectorOf(flipValues);
        TInt64 seedTensor = TInt64.scalarOf(Seeds.derive(seed, steps))) {
      runner.feed(labels, labelTensor).feed(flips, flipTensor).feed(dropSeed, seedTensor);
      updates
          .scalars()
          .at(steps, learningRate)
          .forEach(
              (placeholder, value) -> {
                TFloat32 tensor = TFloat32.scalarOf(value);
                scalars.add(tensor);
                runner.feed(placeholder, tensor);
              });
      updates.updates().forEach(runner::addTarget);
      try (Result result = runner.fetch(trainLogits).run()) {
        return new Step(((TFloat32) result.get(0)).getFloat(), matrix(result.get(1)));
      }
    } finally {
      scalars.forEach(TFloat32::close);
    }
  }

  /** Number of updates so far. */
  long steps() {
    return steps;
  }

  /**
   * Classifies with the variables of this moment, with nothing dropped.
   *
   * @param pixelValues [batch, height, width, 3] uint8, of any size
   * @return [batch][classes]
   */
  float[][] logits(TUint8 pixelValues) {
    try (Result result = session.runner().feed(pixels, pixelValues).fetch(logits).run()) {
      return matrix(result.get(0));
    }
  }

  private static float[][] matrix(Tensor tensor) {
    return StdArrays.array2dCopyOf((FloatNdArray) tensor);
  }

  /** A copy of the variables of this moment, which the caller closes. */
  MixerWeights snapshot(List<String> classNames) {
    return variables.snapshot(session, classNames);
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
