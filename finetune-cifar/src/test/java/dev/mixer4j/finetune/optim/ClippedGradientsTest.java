package dev.mixer4j.finetune.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Against optax: tools/reference/make_optimizer_fixtures.py made the files. */
class ClippedGradientsTest {

  /** The clipped gradients, one after the other, and the norm as the last number. */
  private static float[] clip(float[] gradients, double clip) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      List<Optimizer.Parameter> parameters = new ArrayList<>();
      int offset = 0;
      for (Map.Entry<String, Shape> entry : SmallNetwork.shapes().entrySet()) {
        Shape shape = entry.getValue();
        float[] part = Arrays.copyOfRange(gradients, offset, offset += (int) shape.size());
        var gradient = tf.reshape(tf.constant(part), tf.constant(shape.asArray()));
        var handle = StateVariable.zeros(tf, entry.getKey(), shape).handle();
        parameters.add(new Optimizer.Parameter(entry.getKey(), shape, handle, gradient));
      }
      ClippedGradients clipped = ClippedGradients.of(tf, parameters, clip);
      assertThat(clipped.parameters())
          .extracting(Optimizer.Parameter::name, Optimizer.Parameter::handle)
          .isEqualTo(parameters.stream().map(p -> tuple(p.name(), p.handle())).toList());
      try (Session session = new Session(graph)) {
        Session.Runner runner = session.runner();
        clipped.parameters().forEach(p -> runner.fetch(p.gradient()));
        float[] all = new float[gradients.length + 1];
        int filled = 0;
        try (Result result = runner.fetch(clipped.globalNorm()).run()) {
          for (int i = 0; i < result.size(); i++) {
            for (var value : ((TFloat32) result.get(i)).scalars()) {
              all[filled++] = value.getFloat();
            }
          }
        }
        return all;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 0.1", "1, 3.0", "2, 1000.0"})
  void scalesAsOptaxDoes(int row, double limit) {
    float[] gradients = OptimizerFixtures.values("gradients.npy");
    float[] found = clip(gradients, limit);
    float[] expected = OptimizerFixtures.row("clipped.npy", row, SmallNetwork.PARAMETERS);
    assertThat(OptimizerFixtures.difference(Arrays.copyOf(found, expected.length), expected))
        .isLessThan(5e-7);
    double squares = 0;
    for (float gradient : gradients) {
      squares += (double) gradient * gradient;
    }
    assertThat(found[expected.length] / Math.sqrt(squares)).isBetween(1 - 1e-6, 1 + 1e-6);
  }

  @Test
  void keepsEveryBitWithinTheLimit() {
    float[] gradients = OptimizerFixtures.values("gradients.npy");
    assertThat(Arrays.copyOf(clip(gradients, 11), gradients.length)).isEqualTo(gradients);
    float[] zeros = new float[SmallNetwork.PARAMETERS];
    assertThat(clip(zeros, 1)).containsOnly(0f);
  }

  /** Or a run that diverges would look as if it went on. */
  @ParameterizedTest
  @CsvSource({"NaN", "Infinity", "-Infinity"})
  void doesNotHideWhatIsNotFinite(float value) {
    float[] gradients = OptimizerFixtures.values("gradients.npy");
    gradients[60] = value;
    assertThat(clip(gradients, 1)[60]).isNaN();
  }

  @Test
  void refusesALimitThatIsNone() {
    assertThatThrownBy(() -> clip(new float[SmallNetwork.PARAMETERS], 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected a gradient norm above 0, found 0.0");
  }
}
