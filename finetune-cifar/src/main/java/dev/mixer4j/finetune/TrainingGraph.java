package dev.mixer4j.finetune;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Mixer;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerException;
import dev.mixer4j.core.MixerVariables;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Preprocessing;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.ClippedGradients;
import dev.mixer4j.finetune.optim.ExponentialMovingAverage;
import dev.mixer4j.finetune.optim.GradientAccumulator;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariable;
import dev.mixer4j.finetune.optim.StateVariables;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.OptimizerOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * A network in training: one graph and session whose variables each step updates, and which answers
 * with them, or with their moving average, as they are. It holds native memory until closed.
 */
final class TrainingGraph implements AutoCloseable {

  /**
   * What a step found before its update.
   *
   * @param loss the batch's mean cross-entropy
   * @param logits [batch][classes]
   */
  record Step(double loss, float[][] logits) {}

  /** Stands in TensorFlow's message where the check of a step's numbers fails. */
  private static final String NOT_FINITE = "loss and gradients";

  private final Graph graph = new Graph();
  private final Session session;
  private final MixerConfig config;
  private final BatchInput input;
  private final MixerVariables variables;
  private final Operand<TFloat32> trainLogits;
  private final Operand<TFloat32> loss;
  private final Operand<TFloat32> logits;
  private final Optional<GradientAccumulator> accumulator;
  private final Optional<ExponentialMovingAverage> averages;
  private final Optimizer.Updates updates;
  private final List<Op> perUpdate = new ArrayList<>();
  private final StateVariables state;
  private long steps;

  /**
   * Builds the graph and loads the weights, which may be closed afterwards.
   *
   * @param images what is trained on, whose pixels go to the device if the settings say so
   * @throws MixerException if the device is not there
   */
  TrainingGraph(MixerWeights start, TrainSettings settings, LabelledImages images, Device device) {
    this(start, settings, images, settings.optimizer().build(), device);
  }

  /** With any rule for the updates. */
  TrainingGraph(
      MixerWeights start,
      TrainSettings settings,
      LabelledImages images,
      Optimizer optimizer,
      Device device) {
    device.check();
    TensorFloat32.allow(settings.precision() == Precision.TF32);
    try {
      config = start.config();
      Ops tf = Ops.create(graph);
      input = new BatchInput(tf, config, settings, images);
      variables = new MixerVariables(tf, config);
      trainLogits =
          Mixer.training(
                  tf,
                  config,
                  variables::value,
                  input.images(),
                  settings.precision(),
                  settings.regularization(),
                  input.dropSeed())
              .logits();
      loss = CrossEntropy.mean(tf, input.targets(), trainLogits);
      List<Optimizer.Parameter> parameters = checked(tf, parameters(settings.headOnly()));
      accumulator =
          settings.microBatchSize() == null
              ? Optional.empty()
              : Optional.of(new GradientAccumulator(tf, parameters));
      parameters = accumulator.map(GradientAccumulator::parameters).orElse(parameters);
      if (settings.clipNorm() != null) {
        parameters = ClippedGradients.of(tf, parameters, settings.clipNorm()).parameters();
      }
      updates = optimizer.build(tf, parameters);
      averages =
          Optional.ofNullable(settings.emaDecay())
              .map(
                  decay ->
                      new ExponentialMovingAverage(
                          tf, decay, config.variables(), variables::handle, updates.updates()));
      perUpdate.addAll(updates.updates());
      accumulator.ifPresent(sums -> perUpdate.addAll(sums.clear()));
      averages.ifPresent(ema -> perUpdate.addAll(ema.updates()));
      logits =
          Mixer.inference(
                  tf,
                  config,
                  averages.isPresent() ? averages.get()::value : variables::value,
                  Preprocessing.normalize(
                      tf, config, Preprocessing.resize(tf, config, input.pixels())),
                  settings.precision())
              .logits();
      List<StateVariable> kept = new ArrayList<>(updates.state());
      averages.ifPresent(ema -> kept.addAll(ema.state()));
      accumulator.ifPresent(sums -> kept.addAll(sums.state()));
      state = new StateVariables(tf, kept);
      session = new Session(graph, options(device, settings.xla()));
      try {
        variables.load(session, start);
        state.initialize(session); // after the weights, which the averages start from
        input.cache(session, images);
      } catch (RuntimeException e) {
        session.close();
        throw e;
      }
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  private List<Optimizer.Parameter> parameters(boolean headOnly) {
    List<String> names =
        config.variables().keySet().stream()
            .filter(name -> !headOnly || name.startsWith("head/"))
            .toList();
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

  /** No update, and no sum, is made of a step whose loss or gradients are not finite. */
  private List<Optimizer.Parameter> checked(Ops tf, List<Optimizer.Parameter> parameters) {
    List<Operand<TFloat32>> numbers = new ArrayList<>(List.of(loss));
    // The square of a finite gradient may overflow, but a sum does so only near the largest float.
    parameters.forEach(p -> numbers.add(tf.math.mean(p.gradient(), allAxes(tf, p.shape()))));
    Operand<TFloat32> check = tf.debugging.checkNumerics(tf.stack(numbers), NOT_FINITE);
    Ops after = tf.withControlDependencies(check);
    return parameters.stream().map(p -> p.withGradient(after.identity(p.gradient()))).toList();
  }

  private static Operand<TInt32> allAxes(Ops tf, Shape shape) {
    int[] axes = new int[shape.numDimensions()];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return tf.constant(axes);
  }

  private static ConfigProto options(Device device, boolean xla) {
    // Fixed numbers of threads, since the order in which sums are split decides their last bits.
    ConfigProto.Builder options =
        device
            .sessionOptions()
            .setIntraOpParallelismThreads(Runtime.getRuntime().availableProcessors())
            .setInterOpParallelismThreads(1);
    if (xla) {
      options
          .getGraphOptionsBuilder()
          .getOptimizerOptionsBuilder()
          .setGlobalJitLevel(OptimizerOptions.GlobalJitLevel.ON_2)
          .setCpuGlobalJit(true);
    }
    return options.build();
  }

  /**
   * One update of every variable.
   *
   * @param seed decides, with the number of the step, what is dropped and how images are blended
   * @throws DivergenceException if the loss or a gradient is not finite: then nothing was updated
   */
  Step step(Batch batch, double learningRate, long seed) {
    double lossSum = 0;
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < batch.parts().size(); i++) {
      Batch.Part part = batch.parts().get(i);
      boolean last = i == batch.parts().size() - 1;
      try (Feeds feeds = new Feeds(session.runner())) {
        input.feed(feeds, part, seed, steps + 1, i);
        accumulator.ifPresent(
            sums -> feeds.scalars(sums.scalars(part.labels().length, batch.images())));
        if (last) {
          feeds.scalars(updates.scalars().at(steps + 1, learningRate));
        }
        List<Op> targets = last ? perUpdate : accumulator.orElseThrow().accumulate();
        targets.forEach(feeds.runner()::addTarget);
        try (Result result = feeds.runner().fetch(loss).fetch(trainLogits).run()) {
          lossSum += ((TFloat32) result.get(0)).getFloat() * (double) part.labels().length;
          all.addAll(List.of(matrix(result.get(1))));
        }
      } catch (TFInvalidArgumentException e) {
        if (!String.valueOf(e.getMessage()).contains(NOT_FINITE)) {
          throw e;
        }
        throw new DivergenceException(
            "step %d (%s): expected a finite loss and finite gradients, found %s"
                .formatted(
                    steps + 1,
                    batch.describe(),
                    e.getMessage().contains("NaN") ? "NaN" : "infinity"));
      }
    }
    steps++;
    return new Step(lossSum / batch.images(), all.toArray(float[][]::new));
  }

  /** Number of updates so far. */
  long steps() {
    return steps;
  }

  /**
   * Classifies with the variables of this moment, or their average, without dropout.
   *
   * @param pixels [batch, height, width, 3] uint8, of any size
   * @return [batch][classes]
   */
  float[][] logits(TUint8 pixels) {
    try (Result result = session.runner().feed(input.placeholder(), pixels).fetch(logits).run()) {
      return matrix(result.get(0));
    }
  }

  private static float[][] matrix(Tensor tensor) {
    return StdArrays.array2dCopyOf((FloatNdArray) tensor);
  }

  /** A copy of the weights of this moment, or of their average, which the caller closes. */
  MixerWeights snapshot(List<String> classNames) {
    return averages.isPresent()
        ? averages.get().snapshot(session, config, classNames, ImageTransform.FIT)
        : variables.snapshot(session, classNames, ImageTransform.FIT);
  }

  /** A copy of the weights themselves, which the caller closes. */
  MixerWeights weights() {
    return variables.snapshot(session, List.of(), ImageTransform.FIT);
  }

  /** A copy of all that training keeps beside the weights, which the caller closes. */
  NamedTensors state() {
    return state.save(session);
  }

  /**
   * Goes back to an earlier moment of this training or of one like it.
   *
   * @param savedWeights as {@link #weights} gave them
   * @param savedState as {@link #state} gave it
   */
  void restore(long step, MixerWeights savedWeights, NamedTensors savedState) {
    variables.load(session, savedWeights);
    state.load(session, savedState);
    steps = step;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
