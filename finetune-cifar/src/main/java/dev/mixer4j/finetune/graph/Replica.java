package dev.mixer4j.finetune.graph;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Mixer;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerVariables;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.Preprocessing;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.BatchInput;
import dev.mixer4j.finetune.input.Feeds;
import dev.mixer4j.finetune.optim.AllReduce;
import dev.mixer4j.finetune.optim.ClippedGradients;
import dev.mixer4j.finetune.optim.CrossEntropy;
import dev.mixer4j.finetune.optim.ExponentialMovingAverage;
import dev.mixer4j.finetune.optim.GradientAccumulator;
import dev.mixer4j.finetune.optim.NamedTensors;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariable;
import dev.mixer4j.finetune.optim.StateVariables;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * One device's part of a training's graph: a network whose variables each step updates. Where there
 * are several, they have their gradients in common and so stay the same.
 */
final class Replica {

  /** Stands in TensorFlow's message where the check of a step's numbers fails. */
  static final String NOT_FINITE = "loss and gradients";

  private final MixerConfig config;
  private final BatchInput input;
  private final MixerVariables variables;
  private final Operand<TFloat32> logits;
  private final StepTotals totals;
  private final Optional<GradientAccumulator> accumulator;
  private final Optional<ExponentialMovingAverage> averages;
  private final Optimizer.Updates updates;
  private final List<Op> perUpdate = new ArrayList<>();
  private final StateVariables state;

  /**
   * Adds it to a graph.
   *
   * @param tf scope of all its operations
   * @param variables in it
   * @param group of the replicas
   */
  Replica(
      Ops tf,
      Graph graph,
      MixerVariables variables,
      MixerConfig config,
      TrainSettings settings,
      LabelledImages images,
      Optimizer optimizer,
      AllReduce.Group group) {
    this.variables = variables;
    this.config = config;
    input = new BatchInput(tf, config, settings, images);
    Operand<TFloat32> trainLogits =
        Mixer.training(
                tf,
                config,
                variables::value,
                input.images(),
                settings.precision(),
                settings.regularization(),
                input.dropSeed())
            .logits();
    Operand<TFloat32> loss = CrossEntropy.mean(tf, input.targets(), trainLogits);
    totals = new StepTotals(tf, loss, trainLogits, input.labels());
    List<Optimizer.Parameter> parameters =
        checked(tf, loss, parameters(tf, graph, loss, settings.headOnly()));
    accumulator =
        settings.microBatchSize() == null
            ? Optional.empty()
            : Optional.of(new GradientAccumulator(tf, parameters));
    parameters = accumulator.map(GradientAccumulator::parameters).orElse(parameters);
    if (group.size() > 1) {
      parameters = AllReduce.sum(tf, parameters, group);
    }
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
    state = new StateVariables(tf, kept);
  }

  private List<Optimizer.Parameter> parameters(
      Ops tf, Graph graph, Operand<TFloat32> loss, boolean headOnly) {
    List<String> names =
        config.variables().keySet().stream()
            .filter(name -> !headOnly || name.startsWith("head/"))
            .toList();
    Output<?>[] values =
        names.stream().map(name -> variables.value(name).asOutput()).toArray(Output<?>[]::new);
    Output<?>[] gradients =
        graph.addGradients(
            tf.scope().makeOpName("gradients"), new Output<?>[] {loss.asOutput()}, values, null);
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
  private static List<Optimizer.Parameter> checked(
      Ops tf, Operand<TFloat32> loss, List<Optimizer.Parameter> parameters) {
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

  /** Sets all variables to what they are before the first step. */
  void start(Session session, MixerWeights weights, LabelledImages images) {
    variables.load(session, weights);
    Session.Runner runner = session.runner().addTarget(totals.initialization());
    accumulator.ifPresent(
        sums -> sums.state().forEach(sum -> runner.addTarget(sum.initialization())));
    runner.run().close();
    state.initialize(session); // after the weights, which the averages start from
    input.cache(session, images);
  }

  /**
   * Feeds a part of a batch.
   *
   * @param part what it computes; without a label an image does not count
   * @param place of the part in its batch
   * @param batchImages in all parts together
   * @param fresh whether the totals begin anew
   */
  void feed(
      Feeds feeds,
      Batch.Part part,
      long seed,
      long step,
      int place,
      int batchImages,
      boolean fresh) {
    input.feed(feeds, part, seed, step, place);
    int counted = part.counted();
    totals.feed(feeds, counted, fresh);
    accumulator.ifPresent(sums -> feeds.scalars(sums.scalars(counted, batchImages)));
  }

  /** What to run with each part but the last. */
  List<Op> accumulate() {
    List<Op> all = new ArrayList<>(accumulator.orElseThrow().accumulate());
    all.add(totals.addition());
    return all;
  }

  /** What to run with the last part, for which the update's numbers are fed here. */
  List<Op> update(Feeds feeds, long step, double learningRate) {
    feeds.scalars(updates.scalars().at(step, learningRate));
    List<Op> all = new ArrayList<>(perUpdate);
    all.add(totals.addition());
    return all;
  }

  /** See {@link StepTotals#read}. */
  Operand<TFloat64> totals() {
    return totals.read();
  }

  /** Where images go in that are not trained on, [batch, height, width, 3] uint8. */
  Operand<TUint8> pixels() {
    return input.pixels();
  }

  /** Their logits, with the averages where there are any, and without dropout. */
  Operand<TFloat32> logits() {
    return logits;
  }

  MixerWeights snapshot(Session session, List<String> classNames) {
    return averages.isPresent()
        ? averages.get().snapshot(session, config, classNames, ImageTransform.FIT)
        : variables.snapshot(session, classNames, ImageTransform.FIT);
  }

  MixerWeights weights(Session session) {
    return variables.snapshot(session, List.of(), ImageTransform.FIT);
  }

  NamedTensors state(Session session) {
    return state.save(session);
  }

  void restore(Session session, MixerWeights savedWeights, NamedTensors savedState) {
    variables.load(session, savedWeights);
    state.load(session, savedState);
  }
}
