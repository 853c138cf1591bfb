package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Sums the gradients of several devices, each of its part of a batch, with TensorFlow's {@code
 * CollectiveReduce}, as Python's {@code tf.distribute} does. All gradients are one vector, since
 * several operations might start in different orders on different devices.
 */
public final class AllReduce {

  /** The devices. No other group of their processes has the key. Without NCCL, a ring sums. */
  public record Group(int size, int key, boolean nccl) {}

  private AllReduce() {}

  /** Adds a device's side to its graph; the sums have the same bits on all devices. */
  public static List<Optimizer.Parameter> sum(
      Ops tf, List<Optimizer.Parameter> parameters, Group group) {
    List<Operand<TFloat32>> vectors =
        parameters.stream()
            .<Operand<TFloat32>>map(p -> tf.reshape(p.gradient(), tf.array(-1)))
            .toList();
    Operand<TFloat32> sums = reduce(tf, tf.concat(vectors, tf.constant(0)), group);
    int[] sizes = parameters.stream().mapToInt(p -> Math.toIntExact(p.shape().size())).toArray();
    List<Output<TFloat32>> parts =
        tf.splitV(sums, tf.constant(sizes), tf.constant(0), (long) sizes.length).output();
    List<Optimizer.Parameter> summed = new ArrayList<>();
    for (Optimizer.Parameter parameter : parameters) {
      Operand<TFloat32> sum = parts.get(summed.size());
      summed.add(parameter.withGradient(tf.reshape(sum, tf.constant(parameter.shape().asArray()))));
    }
    return summed;
  }

  /** By its name, since TensorFlow-Java has only its later version for eager execution. */
  private static Operand<TFloat32> reduce(Ops tf, Operand<TFloat32> vector, Group group) {
    GraphOperationBuilder builder =
        (GraphOperationBuilder)
            tf.scope()
                .env()
                .opBuilder("CollectiveReduce", tf.scope().makeOpName("AllReduce"), tf.scope());
    builder.addInput(vector.asOutput());
    builder.setAttr("T", vector.asOutput().dataType());
    builder.setAttr("group_size", (long) group.size());
    builder.setAttr("group_key", (long) group.key());
    builder.setAttr("instance_key", (long) group.key());
    builder.setAttr("merge_op", "Add");
    builder.setAttr("final_op", "Id");
    builder.setAttr("subdiv_offsets", new long[] {0}); // one ring
    builder.setAttr("communication_hint", group.nccl() ? "nccl" : "ring");
    return builder.build().output(0);
  }
}
