package dev.mixer4j.benchmark;

import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/**
 * JMH's times of the network's parts, on 8 images of B/16's size: the difference of two blocks and
 * one is what a block costs, the rest stem and head, and the two forms of GELU tell what that
 * costs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(1)
public class Parts {

  private static final int BATCH = 8;

  /** Blocks of the network. */
  @Param({"1", "2"})
  public int blocks;

  /** The form of GELU. */
  @Param({"erf", "tanh"})
  public String gelu;

  private Graph graph;
  private Session session;
  private TFloat32 images;
  private Output<?> input;
  private Output<?> logits;
  private List<Output<?>> gradients;

  /** Builds the network, and its gradients by all weights. */
  @Setup(Level.Trial)
  public void build() {
    Mixer mixer = Mixer.of(224, 16, 768, blocks, 384, 3072, 10).withGelu(Gelu.of(gelu));
    graph = new Graph();
    Ops tf = Ops.create(graph);
    long size = mixer.input().size();
    var pixels = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, size, size, 3)));
    Variables variables = new Variables(tf, mixer);
    Operand<TFloat32> output = mixer.apply(Pass.inference(tf, variables::value), pixels).logits();
    List<Output<?>> weights = new ArrayList<>();
    mixer.shapes().keySet().forEach(name -> weights.add(variables.value(name).asOutput()));
    Operand<TFloat32> loss = tf.math.mean(tf.math.square(output), tf.array(0, 1));
    gradients = List.of(graph.addGradients(loss.asOutput(), weights.toArray(new Output<?>[0])));
    input = pixels.asOutput();
    logits = output.asOutput();
    session = new Session(graph);
    variables.load(session, new InitialWeights(mixer, 1));
    images = TFloat32.tensorOf(Shape.of(BATCH, size, size, 3));
    images.scalars().forEach(value -> value.setFloat(0.5f));
  }

  /** Frees what is native. */
  @TearDown(Level.Trial)
  public void close() {
    images.close();
    session.close();
    graph.close();
  }

  /** Forward alone. */
  @Benchmark
  public void forward() {
    session.runner().feed(input, images).fetch(logits).run().close();
  }

  /** Forward and backward. */
  @Benchmark
  public void gradients() {
    Session.Runner runner = session.runner().feed(input, images);
    gradients.forEach(runner::fetch);
    runner.run().close();
  }
}
