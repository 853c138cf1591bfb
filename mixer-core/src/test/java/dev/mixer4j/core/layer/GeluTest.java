package dev.mixer4j.core.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.ReferenceMixer;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class GeluTest {

  private static final int POINTS = 2001;

  @ParameterizedTest
  @EnumSource
  void valuesAndDerivativesOfBothForms(Gelu gelu) {
    DoubleUnaryOperator reference = gelu == Gelu.ERF ? ReferenceMixer::erf : ReferenceMixer::tanh;
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      float[] points = new float[POINTS];
      for (int i = 0; i < POINTS; i++) {
        points[i] = (i - POINTS / 2) * 0.005f; // to ±5, where the reference is exact
      }
      Operand<TFloat32> x = tf.constant(points);
      Operand<TFloat32> inference = gelu.inference(tf, x);
      Operand<TFloat32> training = gelu.training(tf, x);
      Output<?>[] of = {x.asOutput()};
      try (Session session = new Session(graph);
          Result result =
              session
                  .runner()
                  .fetch(inference)
                  .fetch(training)
                  .fetch(graph.addGradients(inference.asOutput(), of)[0])
                  .fetch(graph.addGradients(training.asOutput(), of)[0])
                  .run()) {
        for (int i = 0; i < POINTS; i++) {
          double value = reference.applyAsDouble(points[i]);
          double derivative =
              (reference.applyAsDouble(points[i] + 1e-4)
                      - reference.applyAsDouble(points[i] - 1e-4))
                  / 2e-4;
          assertThat((double) at(result, 0, i)).as("%s", points[i]).isCloseTo(value, within(1e-6));
          assertThat((double) at(result, 1, i)).as("%s", points[i]).isCloseTo(value, within(1e-6));
          assertThat((double) at(result, 2, i)).isCloseTo(derivative, within(1e-5));
          assertThat((double) at(result, 3, i)).isCloseTo(derivative, within(1e-5));
        }
      }
    }
  }

  private static float at(Result result, int output, int i) {
    return ((TFloat32) result.get(output)).getFloat(i);
  }
}
