package dev.mixer4j.finetune.session;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_GetRegisteredKernelsForOp;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.KernelDef;
import org.tensorflow.proto.KernelList;
import org.tensorflow.proto.NodeDef;

/**
 * Finds a graph's operations without a GPU kernel in TensorFlow's build; needs no GPU. TensorFlow
 * silently computes them on the CPU and copies their tensors at each step.
 */
@SuppressWarnings("try") // a PointerScope frees what is made while it is open
public final class GpuKernels {

  /** TensorFlow registers kernels for any device as "DEFAULT". */
  private static final Set<String> DEVICES = Set.of("GPU", "DEFAULT");

  private GpuKernels() {}

  /** The operations, with their types, that only the CPU can compute. */
  public static Set<String> missing(GraphDef graph) {
    Map<String, List<KernelDef>> kernels = new HashMap<>();
    Set<String> missing = new TreeSet<>();
    for (NodeDef node : graph.getNodeList()) {
      List<KernelDef> all = kernels.computeIfAbsent(node.getOp(), GpuKernels::of);
      if (all.stream().noneMatch(kernel -> fits(kernel, node))) {
        missing.add(describe(node));
      }
    }
    return missing;
  }

  private static List<KernelDef> of(String operation) {
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Buffer list = TF_GetRegisteredKernelsForOp(operation, status);
      status.throwExceptionIfNotOK();
      return KernelList.parseFrom(list.copyData()).getKernelList().stream()
          .filter(kernel -> DEVICES.contains(kernel.getDeviceType()))
          .toList();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("cannot parse TensorFlow's list of kernels", e);
    }
  }

  private static boolean fits(KernelDef kernel, NodeDef node) {
    return kernel.getConstraintList().stream()
        .allMatch(
            constraint -> {
              AttrValue type = node.getAttrMap().get(constraint.getName());
              return type != null
                  && constraint.getAllowedValues().getList().getTypeList().contains(type.getType());
            });
  }

  private static String describe(NodeDef node) {
    return node.getAttrMap().values().stream()
        .filter(value -> value.getValueCase() == AttrValue.ValueCase.TYPE)
        .map(value -> " " + value.getType().name().replaceFirst("DT_", "").toLowerCase(Locale.ROOT))
        .distinct()
        .sorted()
        .collect(Collectors.joining("", node.getOp(), ""));
  }
}
