package dev.mixer4j.finetune.graph;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Regularization;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.Preprocessing;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.BatchInput;
import dev.mixer4j.finetune.input.Feeds;
import dev.mixer4j.finetune.optim.AllReduce;
import dev.mixer4j.finetune.optim.ClippedGradients;
import dev.mixer4j.finetune.optim.ExponentialMovingAverage;
import dev.mixer4j.finetune.optim.GradientAccumulator;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.optim.StateVariable;
import dev.mixer4j.finetune.optim.StateVariables;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * One device's part of a training's graph: a network whose variables each step updates. Replicas
 * average their gradients, so their weights stay identical.
 */
final class Replica {

  /** Part of TensorFlow's message if a number of a step is not finite. */
  static final String NOT_FINITE = "loss and gradients";

  final BatchInput input;
  final Variables variables;

  /** Of {@code input.pixels()}, without dropout, from the moving average if there is one. */
  final Operand<TFloat32> logits;

  final StepTotals totals;
  final StateVariables state;
  private final List<String> withoutEffect = new ArrayList<>();
  private final Network network;
  private final Optional<GradientAccumulator> accumulator;
  private final Optional<ExponentialMovingAverage> averages;
  private final Optimizer.Updates updates;
  private final List<Op> perUpdate = new ArrayList<>();

  /** Adds the replica in the scope of {@code tf}, which has the variables too. */
  Replica(
      Ops tf,
      Graph graph,
      Variables variables,
      Network network,
      TrainSettings settings,
      LabelledImages images,
      Optimizer optimizer,
      AllReduce.Group group) {
    this.variables = variables;
    this.network = network;
    input = BatchInput.of(tf, network, settings, images);
    Pass pass =
        Pass.training(
            tf,
            variables::value,
            settings.precision(),
            new Regularization(settings.dropout(), settings.stochasticDepth()),
            input.dropSeed(),
            name -> !settings.headOnly() || name.startsWith(Network.HEAD));
    Operand<TFloat32> trainLogits = network.apply(pass, input.images()).logits();
    noteEffect("dropout", settings.dropout(), pass.hasDropout());
    noteEffect("stochastic_depth", settings.stochasticDepth(), pass.hasStochasticDepth());
    Operand<TFloat32> loss = settings.loss().mean(tf, input.targets(), trainLogits);
    totals = StepTotals.of(tf, loss, trainLogits, input.labels());
    List<Optimizer.Parameter> changes = gradients(tf, graph, loss, pass);
    int trained = changes.size();
    // The changes of batch norm's running averages are summed over the images like gradients.
    pass.updates()
        .forEach(
            (name, value) ->
                changes.add(parameter(name, tf.math.sub(value, variables.value(name)))));
    List<Optimizer.Parameter> parameters = checked(tf, loss, changes);
    accumulator =
        settings.microBatchSize() == null
            ? Optional.empty()
            : Optional.of(GradientAccumulator.of(tf, parameters));
    parameters = accumulator.map(GradientAccumulator::parameters).orElse(parameters);
    if (group.size() > 1) {
      parameters = AllReduce.sum(tf, parameters, group);
    }
    List<Optimizer.Parameter> notTrained = parameters.subList(trained, parameters.size());
    parameters = parameters.subList(0, trained);
    if (settings.clipNorm() != null) {
      parameters = ClippedGradients.of(tf, parameters, settings.clipNorm()).parameters();
    }
    updates = optimizer.build(tf, parameters);
    averages =
        Optional.ofNullable(settings.emaDecay())
            .map(
                decay ->
                    new ExponentialMovingAverage(
                        tf, decay, trainable(), variables::handle, updates.updates()));
    perUpdate.addAll(updates.updates());
    notTrained.forEach(p -> perUpdate.add(tf.assignAddVariableOp(p.handle(), p.gradient())));
    accumulator.ifPresent(sums -> perUpdate.addAll(sums.clear()));
    averages.ifPresent(ema -> perUpdate.addAll(ema.updates()));
    perUpdate.add(totals.addition());
    Operand<TFloat32> resized = Preprocessing.resize(tf, network.input(), input.pixels());
    logits =
        network
            .apply(
                Pass.inference(tf, this::measured, settings.precision()),
                Preprocessing.normalize(tf, network.input(), resized))
            .logits();
    List<StateVariable> kept = new ArrayList<>(updates.state());
    averages.ifPresent(ema -> kept.addAll(ema.state()));
    state = new StateVariables(tf, kept);
  }

  private void noteEffect(String setting, float rate, boolean present) {
    if (rate != 0 && !present) {
      withoutEffect.add(
          "%s %s changes nothing: a %s has none".formatted(setting, rate, network.family()));
    }
  }

  /** Settings that change nothing in this network, each in a sentence. */
  List<String> withoutEffect() {
    return withoutEffect;
  }

  private Map<String, Shape> trainable() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    network.variables().stream()
        .filter(Variable::trainable)
        .forEach(variable -> shapes.put(variable.name(), variable.shape()));
    return shapes;
  }

  private Optimizer.Parameter parameter(String name, Operand<TFloat32> gradient) {
    return new Optimizer.Parameter(
        name, network.shapes().get(name), variables.handle(name), gradient);
  }

  private List<Optimizer.Parameter> gradients(
      Ops tf, Graph graph, Operand<TFloat32> loss, Pass pass) {
    List<String> names = trainable().keySet().stream().filter(pass::trains).toList();
    Output<?>[] values =
        names.stream().map(name -> variables.value(name).asOutput()).toArray(Output<?>[]::new);
    Output<?>[] gradients =
        graph.addGradients(
            tf.scope().makeOpName("gradients"), new Output<?>[] {loss.asOutput()}, values, null);
    List<Optimizer.Parameter> parameters = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      @SuppressWarnings("unchecked") // a gradient has the type of its variable
      Operand<TFloat32> gradient = (Output<TFloat32>) gradients[i];
      parameters.add(parameter(names.get(i), gradient));
    }
    return parameters;
  }

  /** Nothing is updated or summed in a step whose loss, gradients or averages are not finite. */
  private static List<Optimizer.Parameter> checked(
      Ops tf, Operand<TFloat32> loss, List<Optimizer.Parameter> parameters) {
    List<Operand<TFloat32>> numbers = new ArrayList<>(List.of(loss));
    // The square of a finite gradient may overflow, but a sum does so only near the largest float.
    parameters.forEach(
        p -> {
          int[] allAxes = IntStream.range(0, p.shape().numDimensions()).toArray();
          numbers.add(tf.math.mean(p.gradient(), tf.constant(allAxes)));
        });
    Operand<TFloat32> check = tf.debugging.checkNumerics(tf.stack(numbers), NOT_FINITE);
    Ops after = tf.withControlDependencies(check);
    return parameters.stream().map(p -> p.withGradient(after.identity(p.gradient()))).toList();
  }

  void start(Session session, Weights weights, LabelledImages images) {
    variables.load(session, weights);
    Session.Runner runner = session.runner().addTarget(totals.initialization());
    accumulator.ifPresent(
        sums -> sums.state().forEach(sum -> runner.addTarget(sum.initialization())));
    runner.run().close();
    state.initialize(session); // after the weights, which the averages start from
    input.cache(session, images);
  }

  /** Feeds the part at a place of a batch; beyond the last one, images that do not count. */
  void feed(Feeds feeds, Batch batch, int place, long seed, long step, boolean fresh) {
    List<Batch.Part> parts = batch.parts();
    Batch.Part part = place < parts.size() ? parts.get(place) : parts.get(0).unlabelled();
    input.feed(feeds, part, seed, step, place);
    int counted = part.counted();
    totals.feed(feeds, counted, fresh);
    accumulator.ifPresent(sums -> feeds.scalars(sums.scalars(counted, batch.images())));
  }

  /** The operations to run with each part but the last. */
  List<Op> accumulate() {
    return Stream.concat(
            accumulator.orElseThrow().accumulate().stream(), Stream.of(totals.addition()))
        .toList();
  }

  /** The operations to run with the last part; feeds the numbers of the update. */
  List<Op> update(Feeds feeds, long step, double learningRate) {
    feeds.scalars(updates.scalars().at(step, learningRate));
    return perUpdate;
  }

  /** The value that measurements use: the moving average if there is one. */
  private Operand<TFloat32> measured(String name) {
    return averages
        .map(ema -> ema.values().get(name))
        .orElseGet(() -> variables.value(name)); // batch norm's averages have no moving average
  }

  Weights snapshot(Session session) {
    return Variables.snapshot(session, network, this::measured);
  }
}
