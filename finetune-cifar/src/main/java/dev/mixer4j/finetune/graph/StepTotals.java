package dev.mixer4j.finetune.graph;

import dev.mixer4j.finetune.input.Feeds;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Sums over the images of several steps. They stay on the device, so that no step waits for them.
 */
final class StepTotals {

  private static final Shape SHAPE = Shape.of(2);

  private final Placeholder<TFloat64> images;
  private final Placeholder<TFloat64> kept;
  private final Operand<TFloat64> read;
  private final Op initialization;
  private final Op addition;

  /**
   * Adds the variable for the sums.
   *
   * @param loss mean over the images
   * @param logits [images, classes]
   * @param labels [images]
   */
  StepTotals(Ops tf, Operand<TFloat32> loss, Operand<TFloat32> logits, Operand<TInt32> labels) {
    images = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    kept = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    var handle = tf.varHandleOp(TFloat64.class, SHAPE, VarHandleOp.sharedName("training_totals"));
    initialization = tf.assignVariableOp(handle, tf.constant(new double[2]));
    Operand<TFloat64> lossSum = tf.math.mul(tf.dtypes.cast(loss, TFloat64.class), images);
    // In 64 bits: on a GPU, TensorFlow compares 32-bit integers on the CPU.
    var isCorrect =
        tf.math.equal(tf.math.argMax(logits, tf.constant(1)), tf.dtypes.cast(labels, TInt64.class));
    Operand<TFloat64> correct =
        tf.reduceSum(tf.dtypes.cast(isCorrect, TFloat64.class), tf.array(0));
    read = tf.readVariableOp(handle, TFloat64.class);
    addition =
        tf.assignVariableOp(
            handle, tf.math.add(tf.math.mul(read, kept), tf.stack(List.of(lossSum, correct))));
  }

  Op initialization() {
    return initialization;
  }

  /** Adds the sums of a part of a batch. */
  Op addition() {
    return addition;
  }

  /** [2]: the sum of the losses, and the number of images classified correctly. */
  Operand<TFloat64> read() {
    return read;
  }

  /** Feeds a part of a batch: how many images count, and whether to reset the sums. */
  void feed(Feeds feeds, int count, boolean fresh) {
    feeds.own(images, TFloat64.scalarOf(count));
    feeds.own(kept, TFloat64.scalarOf(fresh ? 0 : 1));
  }
}
