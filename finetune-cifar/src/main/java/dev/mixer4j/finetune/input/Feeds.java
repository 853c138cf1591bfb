package dev.mixer4j.finetune.input;

import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** One run of a session, with the tensors that are fed to it and freed after it. */
public record Feeds(Session.Runner runner, List<Tensor> tensors) implements AutoCloseable {

  /** Feeds a tensor and takes ownership of it. */
  public void own(Operand<?> to, Tensor tensor) {
    tensors.add(tensor);
    runner.feed(to, tensor);
  }

  public void scalars(Map<Placeholder<TFloat32>, Float> values) {
    values.forEach((placeholder, value) -> own(placeholder, TFloat32.scalarOf(value)));
  }

  @Override
  public void close() {
    tensors.forEach(Tensor::close);
  }
}
