package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

class MixerClassifierTest {

  private static final MixerConfig CONFIG = MixerConfig.of(16, 4, 12, 2, 8, 24, 3);
  private static final RandomWeights WEIGHTS =
      new RandomWeights(CONFIG, List.of("ant", "bee", "cat"), 1);

  @Test
  void predictionsAreSortedNamedAndSumToOne() {
    try (MixerClassifier classifier = new MixerClassifier(WEIGHTS)) {
      List<Prediction> all = classifier.classify(noise(40, 30), 5);
      assertThat(all).hasSize(3).extracting(Prediction::label).containsOnly("ant", "bee", "cat");
      assertThat(all)
          .isSortedAccordingTo((a, b) -> Float.compare(b.probability(), a.probability()));
      assertThat(all.stream().mapToDouble(Prediction::probability).sum())
          .isCloseTo(1, within(1e-6));
      assertThat(classifier.classify(noise(40, 30), 1)).containsExactly(all.get(0));
    }
  }

  @Test
  void namelessClassesAreNumbered() {
    try (MixerClassifier classifier = new MixerClassifier(new RandomWeights(CONFIG, 1))) {
      assertThat(classifier.classify(noise(16, 16), 3))
          .allMatch(p -> p.label().equals("class " + p.index()));
    }
  }

  /** Of a photo's sides only the middle of the longer counts. */
  @Test
  void aPhotoIsScaledByItsShorterSideAndCentred() {
    BufferedImage square = noise(32, 32);
    BufferedImage wide = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = wide.createGraphics();
    graphics.setColor(Color.MAGENTA);
    graphics.fillRect(0, 0, 64, 32);
    graphics.drawImage(square, 16, 0, null);
    graphics.dispose();
    try (MixerClassifier classifier = new MixerClassifier(WEIGHTS)) {
      float inSquare = classifier.classify(square, 1).get(0).probability();
      // Half a pixel of the neighbours leaks in through anti-aliasing.
      assertThat(classifier.classify(wide, 1).get(0).probability())
          .isCloseTo(inSquare, within(0.02f));
      assertThat(classifier.classify(noise(33, 32), 1)).isNotEmpty();
    }
  }

  /** Small images take the same way as in training and evaluation. */
  @Test
  void fittingAnImageToGrowEqualsResizing() {
    byte[] pixels = new byte[8 * 8 * 3];
    new Random(2).nextBytes(pixels);
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      try (TUint8 photo = TUint8.tensorOf(Shape.of(8, 8, 3), DataBuffers.of(pixels));
          TUint8 batch = TUint8.tensorOf(Shape.of(1, 8, 8, 3), DataBuffers.of(pixels));
          Result result =
              session
                  .runner()
                  .fetch(Preprocessing.fit(tf, CONFIG, tf.constantOf(photo)))
                  .fetch(Preprocessing.resize(tf, CONFIG, tf.constantOf(batch)))
                  .run()) {
        TFloat32 fitted = (TFloat32) result.get(0);
        TFloat32 resized = (TFloat32) result.get(1);
        assertThat(fitted.shape()).isEqualTo(Shape.of(1, 16, 16, 3));
        fitted
            .scalars()
            .forEachIndexed(
                (i, v) -> assertThat(v.getFloat()).isCloseTo(resized.getFloat(i), within(1e-3f)));
      }
    }
  }

  /** Values of torch.nn.functional.interpolate(mode="bilinear", align_corners=False), 2 to 4. */
  @Test
  void resizingHasHalfPixelCentres() {
    MixerConfig config = MixerConfig.of(4, 2, 4, 1, 4, 4, 2);
    byte[] pixels = {0, 0, 0, 100, 100, 100, 0, 0, 0, 100, 100, 100};
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      try (TUint8 batch = TUint8.tensorOf(Shape.of(1, 2, 2, 3), DataBuffers.of(pixels));
          Result result =
              session
                  .runner()
                  .fetch(Preprocessing.resize(tf, config, tf.constantOf(batch)))
                  .run()) {
        TFloat32 resized = (TFloat32) result.get(0);
        float[] row = new float[4];
        for (int x = 0; x < 4; x++) {
          row[x] = resized.getFloat(0, 1, x, 0);
        }
        assertThat(row).containsExactly(0f, 25f, 75f, 100f);
      }
    }
  }

  @Test
  void normalizingUsesMeanAndStdPerChannel() {
    MixerConfig config =
        CONFIG.withNormalization(new Rgb(0.1f, 0.2f, 0.3f), new Rgb(0.5f, 0.25f, 2f));
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      var pixels = tf.reshape(tf.constant(new float[] {255f, 51f, 0f}), tf.array(1, 1, 1, 3));
      try (Result result =
          session.runner().fetch(Preprocessing.normalize(tf, config, pixels)).run()) {
        TFloat32 normal = (TFloat32) result.get(0);
        assertThat(normal.getFloat(0, 0, 0, 0)).isCloseTo(1.8f, within(1e-6f));
        assertThat(normal.getFloat(0, 0, 0, 1)).isCloseTo(0f, within(1e-6f));
        assertThat(normal.getFloat(0, 0, 0, 2)).isCloseTo(-0.15f, within(1e-6f));
      }
    }
  }

  @Test
  void eightBitBatchesAreResizedOnTheWay() {
    byte[] pixels = new byte[2 * 5 * 7 * 3];
    new Random(3).nextBytes(pixels);
    try (MixerClassifier classifier = new MixerClassifier(WEIGHTS);
        TUint8 batch = TUint8.tensorOf(Shape.of(2, 5, 7, 3), DataBuffers.of(pixels))) {
      float[][] logits = classifier.logits(batch);
      assertThat(logits).hasNumberOfRows(2);
      assertThat(logits[0]).isNotEqualTo(logits[1]);
    }
  }

  @Test
  void threadsShareOneClassifier() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try (MixerClassifier classifier = new MixerClassifier(WEIGHTS)) {
      BufferedImage image = noise(20, 20);
      List<Prediction> alone = classifier.classify(image, 3);
      List<Future<List<Prediction>>> together = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        together.add(pool.submit(() -> classifier.classify(image, 3)));
      }
      for (Future<List<Prediction>> answer : together) {
        assertThat(answer.get()).isEqualTo(alone);
      }
    } finally {
      pool.shutdown();
    }
  }

  /** A leaked tensor of a call would be 3 kB: 9 MB in 3,000 calls. */
  @Test
  void callsLeaveNoNativeMemory() {
    BufferedImage image = noise(20, 20);
    try (MixerClassifier classifier = new MixerClassifier(WEIGHTS)) {
      for (int i = 0; i < 200; i++) {
        classifier.classify(image, 3);
      }
      long before = Pointer.totalCount();
      long bytes = Pointer.totalBytes();
      for (int i = 0; i < 3000; i++) {
        classifier.classify(image, 3);
      }
      assertThat(Pointer.totalBytes() - bytes).isLessThan(100_000);
      assertThat(Pointer.totalCount() - before).isLessThan(1000);
    }
  }

  @Test
  void softmaxSurvivesLargeLogits() {
    assertThat(MixerClassifier.softmax(new float[] {1000f, 1000f})).containsExactly(0.5f, 0.5f);
    assertThat(MixerClassifier.softmax(new float[] {0f, (float) Math.log(3)})[1])
        .isCloseTo(0.75f, within(1e-6f));
  }

  private static BufferedImage noise(int width, int height) {
    Random random = new Random(7);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt(1 << 24));
      }
    }
    return image;
  }
}
