package dev.mixer4j.benchmark;

import dev.mixer4j.core.Device;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Precision;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.Preprocessing;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.FloatNdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** ImageClassifier's network in bfloat16, of which a classifier has no choice yet. */
final class Bfloat16Network implements AutoCloseable {

  private final Graph graph = new Graph();
  private final Session session;
  private final Operand<? extends TType> input;
  private final Operand<TFloat32> logits;

  /**
   * Builds the network and loads the weights.
   *
   * @param pixels whether batches are 8-bit, and resized and normalised on the device
   */
  Bfloat16Network(Weights weights, Device device, boolean pixels) {
    device.check();
    Network network = weights.network();
    ImageInput size = network.input();
    Ops tf = Ops.create(graph);
    Operand<TFloat32> images;
    if (pixels) {
      var levels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      images = Preprocessing.normalize(tf, size, Preprocessing.resize(tf, size, levels));
      input = levels;
    } else {
      long side = size.size();
      images = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, side, side, 3)));
      input = images;
    }
    Variables variables = new Variables(tf, network);
    Pass pass = Pass.inference(tf, variables::value, Precision.BFLOAT16);
    logits = network.apply(pass, images).logits();
    session = new Session(graph, device.sessionOptions().build());
    variables.load(session, weights);
  }

  /** {@code [batch, size, size, 3]} to {@code [batch][classes]}. */
  float[][] logits(TType batch) {
    try (Result result = session.runner().feed(input.asOutput(), batch).fetch(logits).run()) {
      return StdArrays.array2dCopyOf((FloatNdArray) result.get(0));
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
