package dev.mixer4j.finetune.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.InitialWeights;
import dev.mixer4j.core.ModelInfo;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.input.Batch;
import dev.mixer4j.finetune.input.BatchInput;
import dev.mixer4j.finetune.input.EpochPlan;
import dev.mixer4j.finetune.optim.Loss;
import dev.mixer4j.finetune.progress.DivergenceException;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TUint8;

class TrainingGraphTest {

  private static final int BATCH = 6;
  private static final int[] ROWS = IntStream.range(0, BATCH).toArray();

  private static LabelledImages images() {
    byte[] pixels = new byte[BATCH * 32 * 32 * 3];
    new Random(3).nextBytes(pixels);
    return new LabelledImages(32, 32, 3, pixels, new byte[] {0, 1, 2, 2, 1, 0});
  }

  private static TrainingGraph graph(float dropout) {
    return new TrainingGraph(
        new InitialWeights(Fixtures.TINY, 5),
        Fixtures.settings("dropout", dropout),
        images(),
        Fixtures.CPU);
  }

  /** One update; gives the batch's mean loss before it. */
  private static double step(TrainingGraph graph, boolean flip, long seed) {
    LabelledImages images = images();
    boolean[] flips = new boolean[BATCH];
    Arrays.fill(flips, flip);
    Batch.Part part = new Batch.Part(ROWS, images.pixels(ROWS), images.labels(ROWS), flips, null);
    try (Batch batch = new Batch(graph.steps() + 1, 1, 0, List.of(part))) {
      graph.step(batch, 1e-2, seed, true);
      return graph.totals().loss() / BATCH;
    }
  }

  private static Map<String, float[]> weights(TrainingGraph graph) {
    try (Weights snapshot = graph.snapshot()) {
      return Fixtures.read(snapshot);
    }
  }

  private static Map<String, float[]> afterThreeSteps(boolean flip, float dropout, long seed) {
    try (TrainingGraph graph = graph(dropout)) {
      for (int i = 0; i < 3; i++) {
        step(graph, flip, seed);
      }
      assertThat(graph.steps()).isEqualTo(3);
      return weights(graph);
    }
  }

  private static void assertSame(Map<String, float[]> a, Map<String, float[]> b) {
    assertThat(a.keySet()).isEqualTo(b.keySet());
    a.forEach((name, values) -> assertThat(values).as(name).isEqualTo(b.get(name)));
  }

  @Test
  void repeatsBitByBit() {
    assertSame(afterThreeSteps(false, 0f, 1), afterThreeSteps(false, 0f, 1));
    assertSame(afterThreeSteps(true, 0.3f, 1), afterThreeSteps(true, 0.3f, 1));
  }

  @Test
  void flipsAndDropoutAndItsSeedChangeWhatIsLearnt() {
    float[] plain = afterThreeSteps(false, 0f, 1).get("stem/kernel");
    assertThat(afterThreeSteps(true, 0f, 1).get("stem/kernel")).isNotEqualTo(plain);
    float[] dropped = afterThreeSteps(false, 0.3f, 1).get("stem/kernel");
    assertThat(dropped).isNotEqualTo(plain);
    assertThat(afterThreeSteps(false, 0.3f, 2).get("stem/kernel")).isNotEqualTo(dropped);
  }

  @Test
  void trainsEveryVariable() {
    Map<String, float[]> before = Fixtures.read(new InitialWeights(Fixtures.TINY, 5));
    afterThreeSteps(false, 0f, 1)
        .forEach((name, values) -> assertThat(values).as(name).isNotEqualTo(before.get(name)));
  }

  @Test
  void lossFallsAndIsTheCrossEntropyOfTheLogits() {
    try (TrainingGraph graph = graph(0f)) {
      double first = step(graph, false, 1);
      assertThat(first)
          .as("a zero head gives each class the same share")
          .isCloseTo(Math.log(3), Offset.offset(1e-6));
      for (int i = 0; i < 20; i++) {
        step(graph, false, 1);
      }
      float[][] logits;
      try (TUint8 pixels = images().pixels(ROWS)) {
        logits = graph.logits(pixels);
      }
      double last = step(graph, false, 1);
      assertThat(last).isLessThan(first / 2);
      assertThat(last)
          .isCloseTo(Loss.CROSS_ENTROPY.mean(logits, images().labels(ROWS)), Offset.offset(1e-5));
    }
  }

  @Test
  void classifiesAsTheSnapshotDoesWithoutDropout() {
    try (TrainingGraph graph = graph(0.5f)) {
      for (int i = 0; i < 3; i++) {
        step(graph, false, 1);
      }
      try (Weights snapshot = graph.snapshot();
          ImageClassifier classifier = new ImageClassifier(snapshot, ModelInfo.NONE);
          TUint8 pixels = images().pixels(ROWS)) {
        float[][] expected = classifier.logits(pixels);
        float[][] found = graph.logits(pixels);
        for (int i = 0; i < BATCH; i++) {
          assertThat(found[i]).containsExactly(expected[i], Offset.offset(1e-5f));
        }
        assertThat(graph.logits(pixels)).isDeepEqualTo(found);
      }
    }
  }

  @Test
  void flipMirrorsTheImagesThatAreChosen() {
    byte[] values = new byte[2 * 2 * 3 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (i * 13);
    }
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var input = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      var chosen = tf.placeholder(TBool.class, Placeholder.shape(Shape.of(-1)));
      var flipped = BatchInput.flip(tf, input, chosen);
      try (Session session = new Session(graph);
          TUint8 pixels =
              TUint8.tensorOf(Shape.of(2, 2, 3, 3), DataBuffers.of(values, true, false));
          TBool flips = TBool.vectorOf(false, true);
          Result result =
              session.runner().feed(input, pixels).feed(chosen, flips).fetch(flipped).run()) {
        TUint8 found = (TUint8) result.get(0);
        assertThat(found.get(0)).isEqualTo(pixels.get(0));
        for (int row = 0; row < 2; row++) {
          for (int column = 0; column < 3; column++) {
            assertThat(found.get(1, row, column)).isEqualTo(pixels.get(1, row, 2 - column));
          }
        }
      }
    }
  }

  private static double[] losses(Object... settings) {
    double[] losses = new double[20];
    try (TrainingGraph graph =
        new TrainingGraph(
            new InitialWeights(Fixtures.TINY, 5),
            Fixtures.settings(settings),
            images(),
            Fixtures.CPU)) {
      for (int i = 0; i < losses.length; i++) {
        losses[i] = step(graph, false, 1);
      }
    }
    return losses;
  }

  @Test
  void bfloat16LearnsAsFloat32DoesButForItsRounding() {
    double[] exact = losses();
    double[] rounded = losses("precision", "bfloat16");
    assertThat(exact[exact.length - 1]).isLessThan(0.8 * exact[0]);
    assertThat(rounded).containsExactly(exact, Offset.offset(0.03));
    assertThat(rounded).isNotEqualTo(exact);
    assertThat(losses("precision", "tf32")).as("on a processor").isEqualTo(exact);
  }

  @Test
  void xlaGivesTheSameButForTheOrderOfSums() {
    double[] plain = losses();
    double[] compiled = losses("xla", true);
    assertThat(compiled).containsExactly(plain, Offset.offset(1e-4));
    assertThat(compiled).as("it did compile").isNotEqualTo(plain);
  }

  /** Weights too large to compute with, in all else the tests' own. */
  record Huge(Weights weights) implements Weights {
    @Override
    public Network network() {
      return weights.network();
    }

    @Override
    public void read(String name, FloatBuffer destination) {
      int start = destination.position();
      weights.read(name, destination);
      for (int i = start; i < destination.position(); i++) {
        destination.put(i, 1e30f * (1 + destination.get(i)));
      }
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aStepWhoseLossIsNotFiniteChangesNothing(int microBatch) {
    TrainSettings settings =
        microBatch == 0
            ? Fixtures.settings("ema_decay", 0.9)
            : Fixtures.settings("ema_decay", 0.9, "micro_batch_size", microBatch);
    Weights start = new Huge(new InitialWeights(Fixtures.TINY, 5));
    LabelledImages images = images();
    Batch.Part part =
        new Batch.Part(ROWS, images.pixels(ROWS), images.labels(ROWS), new boolean[BATCH], null);
    try (TrainingGraph graph = new TrainingGraph(start, settings, images, Fixtures.CPU);
        Batch batch = new Batch(1, 1, 0, List.of(part))) {
      assertThatThrownBy(() -> graph.step(batch, 1e-2, 1, true))
          .isInstanceOf(DivergenceException.class)
          .hasMessageContaining("step 1 (epoch 1, images 0 to 5")
          .hasMessageContaining("finite");
      assertThat(graph.steps()).isZero();
      assertSame(weights(graph), Fixtures.read(start));
    }
  }

  /** One update from micro-batches is the whole batch's but for rounding. */
  @Test
  void microBatchesMakeOneUpdate() {
    Map<String, float[]> whole =
        updated(Fixtures.settings("optimizer", MOMENTUM, "clip_norm", 0.5));
    Map<String, float[]> parts =
        updated(Fixtures.settings("optimizer", MOMENTUM, "clip_norm", 0.5, "micro_batch_size", 4));
    whole.forEach(
        (name, values) ->
            assertThat(parts.get(name)).as(name).containsExactly(values, Offset.offset(1e-6f)));
  }

  private static final Map<String, Object> MOMENTUM = Map.of("name", "momentum");

  private static Map<String, float[]> updated(TrainSettings settings) {
    LabelledImages images = images();
    try (TrainingGraph graph =
        new TrainingGraph(new InitialWeights(Fixtures.TINY, 5), settings, images, Fixtures.CPU)) {
      EpochPlan plan = EpochPlan.of(1, 1, BATCH, true, true);
      for (int step = 1; step <= 3; step++) {
        try (Batch batch = Batch.of(images, settings, plan, 1)) {
          graph.step(batch, 0.1, 1, true);
        }
      }
      return weights(graph);
    }
  }

  @Test
  void answersWithTheAverageOfTheWeights() {
    TrainSettings settings = Fixtures.settings("ema_decay", 0.75);
    Map<String, float[]> start = Fixtures.read(new InitialWeights(Fixtures.TINY, 5));
    try (TrainingGraph graph =
        new TrainingGraph(new InitialWeights(Fixtures.TINY, 5), settings, images(), Fixtures.CPU)) {
      step(graph, false, 1);
      try (Weights weights = graph.weights();
          Weights average = graph.snapshot()) {
        Map<String, float[]> now = Fixtures.read(weights);
        Fixtures.read(average)
            .forEach(
                (name, values) -> {
                  for (int i = 0; i < values.length; i++) {
                    float expected = 0.75f * start.get(name)[i] + 0.25f * now.get(name)[i];
                    assertThat(values[i]).isCloseTo(expected, Offset.offset(1e-6f));
                  }
                });
        try (ImageClassifier classifier = new ImageClassifier(average, ModelInfo.NONE);
            TUint8 pixels = images().pixels(ROWS)) {
          float[][] expected = classifier.logits(pixels);
          float[][] found = graph.logits(pixels);
          for (int i = 0; i < BATCH; i++) {
            assertThat(found[i]).containsExactly(expected[i], Offset.offset(1e-5f));
          }
        }
      }
    }
  }

  /** Tensors that are left to the garbage collector are freed much too late, or never. */
  @Test
  void leavesNoTensorOpen() {
    try (TrainingGraph graph = graph(0f);
        TUint8 pixels = images().pixels(ROWS)) {
      step(graph, false, 1);
      graph.logits(pixels);
      weights(graph);
      long before = Pointer.totalCount();
      for (int i = 0; i < 20; i++) {
        step(graph, true, 1);
        graph.logits(pixels);
        weights(graph);
      }
      // The collector may free something older meanwhile, so fewer is possible; one tensor left
      // open in each round would make twenty more.
      assertThat(Pointer.totalCount()).isLessThan(before + 20);
    }
  }

  @Test
  void processDoesNotGrow() throws IOException {
    // In a Java whose heap is fixed and touched at the start, so that native memory is what grows.
    List<String> fixedHeap =
        List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
    List<String> noLimit = List.of("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
    List<String> options = Stream.of(fixedHeap, noLimit).flatMap(List::stream).toList();
    Fixtures.Ran ran = Fixtures.java(options, ManySteps.class);
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(Double.parseDouble(ran.out().strip())).isLessThan(0.02);
  }

  /** Prints by what share the process grew from step 10,000 to step 15,000. */
  static final class ManySteps {
    private ManySteps() {}

    public static void main(String[] args) {
      try (TrainingGraph graph = graph(0f)) {
        for (int i = 0; i < 10_000; i++) { // by then Java has compiled what it will
          step(graph, false, 1);
        }
        double before = Pointer.physicalBytes();
        for (int i = 10_000; i < 15_000; i++) {
          step(graph, false, 1);
        }
        System.out.println((Pointer.physicalBytes() - before) / before);
      }
    }
  }
}
