package dev.mixer4j.finetune.optim;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * A float32 variable that training keeps beside the weights.
 *
 * @param name unique in its graph, and its name in a checkpoint
 * @param initialization sets it to its value before the first step
 */
public record StateVariable(
    String name, Shape shape, Operand<? extends TType> handle, Op initialization) {

  public static StateVariable zeros(Ops tf, String name, Shape shape) {
    return of(tf, name, shape, zeros(tf, shape));
  }

  /** Adds a variable that starts as a copy of another, which must be initialized before. */
  public static StateVariable copyOf(
      Ops tf, String name, Shape shape, Operand<? extends TType> original) {
    return of(tf, name, shape, tf.readVariableOp(original, TFloat32.class));
  }

  private static StateVariable of(Ops tf, String name, Shape shape, Operand<TFloat32> start) {
    // Without a shared name all handles of a session are one and the same resource.
    var handle = tf.varHandleOp(TFloat32.class, shape, VarHandleOp.sharedName(name));
    return new StateVariable(name, shape, handle, tf.assignVariableOp(handle, start));
  }

  public static Operand<TFloat32> zeros(Ops tf, Shape shape) {
    // Not tf.zeros, which searches the whole graph for names each time.
    return tf.fill(tf.constant(shape.asArray()), tf.constant(0f));
  }

  /** Adds a read, which waits for the control dependencies of {@code tf}. */
  public Operand<TFloat32> read(Ops tf) {
    return tf.readVariableOp(handle, TFloat32.class);
  }
}
