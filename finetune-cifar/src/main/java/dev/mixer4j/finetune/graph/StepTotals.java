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
 *
 * @param read [2]: the sum of the losses, and the number of images classified correctly
 */
record StepTotals(
    Placeholder<TFloat64> images,
    Placeholder<TFloat64> kept,
    Operand<TFloat64> read,
    Op initialization,
    Op addition) {

  /** Adds the sums of a mean loss, and of logits [images, classes] with labels [images]. */
  static StepTotals of(
      Ops tf, Operand<TFloat32> loss, Operand<TFloat32> logits, Operand<TInt32> labels) {
    var images = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    var kept = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.scalar()));
    var handle =
        tf.varHandleOp(TFloat64.class, Shape.of(2), VarHandleOp.sharedName("training_totals"));
    Op initialization = tf.assignVariableOp(handle, tf.constant(new double[2]));
    Operand<TFloat64> lossSum = tf.math.mul(tf.dtypes.cast(loss, TFloat64.class), images);
    // In 64 bits: on a GPU, TensorFlow compares 32-bit integers on the CPU.
    var isCorrect =
        tf.math.equal(tf.math.argMax(logits, tf.constant(1)), tf.dtypes.cast(labels, TInt64.class));
    Operand<TFloat64> correct =
        tf.reduceSum(tf.dtypes.cast(isCorrect, TFloat64.class), tf.array(0));
    Operand<TFloat64> read = tf.readVariableOp(handle, TFloat64.class);
    Op addition =
        tf.assignVariableOp(
            handle, tf.math.add(tf.math.mul(read, kept), tf.stack(List.of(lossSum, correct))));
    return new StepTotals(images, kept, read, initialization, addition);
  }

  /** Feeds how many images count, and whether to reset the sums. */
  void feed(Feeds feeds, int count, boolean fresh) {
    feeds.own(images, TFloat64.scalarOf(count));
    feeds.own(kept, TFloat64.scalarOf(fresh ? 0 : 1));
  }
}
