package dev.mixer4j.finetune.optim;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The sum of the gradients that several devices found, each of its own part of a batch:
 * TensorFlow's collective {@code CollectiveReduce}, as {@code tf.distribute} of Python has it. One
 * operation for all gradients as one vector, since the order in which several start may differ
 * between devices.
 */
public final class AllReduce {

  /**
   * The devices that add up.
   *
   * @param size how many there are
   * @param key a number that no other group of these processes has
   * @param nccl whether they are GPUs, whose own library adds; otherwise TensorFlow's ring does
   */
  public record Group(int size, int key, boolean nccl) {}

  private AllReduce() {}

  /**
   * Adds one device's side to its graph.
   *
   * @param parameters with this device's gradients
   * @return with the sums, which are the same bits on all devices
   */
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
    for (int i = 0; i < sizes.length; i++) {
      Optimizer.Parameter parameter = parameters.get(i);
      summed.add(
          parameter.withGradient(
              tf.reshape(parts.get(i), tf.constant(parameter.shape().asArray()))));
    }
    return summed;
  }

  /** By its name, for TensorFlow-Java has a later version of it only, for eager execution. */
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
