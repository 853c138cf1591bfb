package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.input.Mixup;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Against PyTorch's loss of timm's targets: tools/reference/make_augmentation_fixtures.py made the
 * files.
 */
class LossTest {

  private static final int CLASSES = 7;

  @ParameterizedTest
  @CsvSource({"0, 0, 1", "1, 0.1, 1", "2, 0.3, 1", "3, 0, 0.7", "4, 0.1, 0.7"})
  void targetsLossAndGradientArePyTorchs(int fixture, double smoothing, float lambda)
      throws IOException {
    NpyFile logits = read("logits");
    int batch = (int) logits.shape().get(0);
    int[] labels = new int[batch];
    for (int i = 0; i < batch; i++) {
      labels[i] = (int) read("labels").values().get(i);
    }
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x = tf.constant(logits.shape(), DataBuffers.of(logits.values()));
      Operand<TFloat32> targets = Loss.targets(tf, tf.constant(labels), CLASSES, smoothing);
      targets = Mixup.blend(tf, targets, tf.constant(lambda));
      Operand<TFloat32> loss = Loss.CROSS_ENTROPY.mean(tf, targets, x);
      Output<?> gradient = graph.addGradients(loss.asOutput(), new Output<?>[] {x.asOutput()})[0];
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(targets).fetch(loss).fetch(gradient).run()) {
        assertClose(values(result.get(0)), expected("targets", fixture, batch * CLASSES));
        assertClose(values(result.get(1)), expected("losses", fixture, 1));
        assertClose(values(result.get(2)), expected("gradients", fixture, batch * CLASSES));
      }
    }
  }

  private static NpyFile read(String name) throws IOException {
    return NpyFile.read(Fixtures.resource("loss/" + name + ".npy"));
  }

  private static float[] expected(String name, int fixture, int size) throws IOException {
    float[] all = new float[read(name).values().remaining()];
    read(name).values().get(all);
    return Arrays.copyOfRange(all, fixture * size, (fixture + 1) * size);
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    ((TFloat32) tensor).copyTo(DataBuffers.of(values));
    return values;
  }

  private static void assertClose(float[] found, float[] expected) {
    assertThat(found).usingComparatorWithPrecision(2e-6f).containsExactly(expected);
  }
}
