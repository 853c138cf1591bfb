package dev.mixer4j.finetune.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.Dataset;
import dev.mixer4j.finetune.data.DatasetRequest;
import dev.mixer4j.finetune.data.Datasets;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.optim.Optimizer;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.progress.TrainingListener;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** The run's own decisions, under updates that the tests dictate. */
class TrainingLoopTest {

  @TempDir Path dir;

  /** Adds the same number, chosen for each step, to all weights. */
  private record Shift(LongToDoubleFunction amount) implements Optimizer {
    @Override
    public Updates build(Ops tf, List<Parameter> parameters) {
      var shift = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      List<Op> updates =
          parameters.stream()
              .<Op>map(
                  p ->
                      tf.withControlDependencies(List.of(p.gradient()))
                          .assignAddVariableOp(
                              p.handle(), tf.fill(tf.constant(p.shape().asArray()), shift)))
              .toList();
      return new Updates(
          List.of(), updates, (step, rate) -> Map.of(shift, (float) amount.applyAsDouble(step)));
    }
  }

  private RunState run(Path out, int epochs, LongToDoubleFunction shiftOfStep) throws IOException {
    Dataset data = Datasets.open(Fixtures.cifar(dir.resolve("data")), DatasetRequest.of(32));
    LabelledImages train = data.train(4);
    TrainSettings settings =
        Fixtures.settings("epochs", epochs, "batch_size", 4, "learning_rate", 1, "log_every", 1);
    try (TrainingGraph graph =
            new TrainingGraph(
                new InitialWeights(Fixtures.TINY, 1),
                settings,
                train,
                new Shift(shiftOfStep),
                Fixtures.CPU);
        RunFolder folder =
            RunFolder.create(out, new JsonMapper().createObjectNode(), ModelInfo.NONE)) {
      TrainingLoop.Images images =
          new TrainingLoop.Images(train, LabelledImages.none(), data.test(9), data.classNames());
      TrainingLoop training =
          new TrainingLoop(graph, images, folder, RunState.START, TrainingListener.NONE);
      training.run();
      return training.state();
    }
  }

  @Test
  void earlierOfTwoEquallyGoodEpochsIsTheBest() throws Exception {
    Path out = dir.resolve("run");
    // One step an epoch: the second epoch's weights are as good as the first's, and others.
    RunState outcome = run(out, 2, step -> step == 1 ? 0 : 1e-6);
    assertThat(outcome.bestStep()).isEqualTo(1);
    assertThat(outcome.latest()).isEqualTo(outcome.best()).isEqualTo(outcome.before());
    float[] best = Fixtures.read(out.resolve("best.h5")).get("stem/bias");
    float[] last = Fixtures.read(out.resolve("final.h5")).get("stem/bias");
    assertThat(best).containsOnly(0f);
    assertThat(last).containsOnly(1e-6f);
  }

  @Test
  void divergenceKeepsTheBestSoFar() throws IOException {
    Path out = dir.resolve("run");
    assertThatThrownBy(() -> run(out, 5, step -> step < 3 ? 0 : Double.NaN))
        .isInstanceOf(DivergenceException.class)
        .hasMessageContaining("step 3: expected a finite loss on the test images, found NaN");
    assertThat(Fixtures.read(out.resolve("best.h5"))).containsKey("head/kernel");
    assertThat(out.resolve("final.h5")).doesNotExist();
    assertThat(Files.readAllLines(out.resolve("metrics.csv")))
        .last()
        .asString()
        .startsWith("3,3,train,");
  }
}
