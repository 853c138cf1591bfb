package dev.mixer4j.core;

import static dev.mixer4j.core.image.ImageTransform.FIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Interpolation;
import dev.mixer4j.core.image.Pixels;
import dev.mixer4j.core.image.Preprocessing;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.core.network.Networks;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
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
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

class ImageClassifierTest {

  private static final Mixer CONFIG = Mixer.of(16, 4, 12, 2, 8, 24, 3);
  private static final ModelInfo INFO = ModelInfo.NONE.withClassNames(List.of("ant", "bee", "cat"));
  private static final RandomWeights WEIGHTS = new RandomWeights(CONFIG, INFO, 1);

  @Test
  void predictionsAreSortedNamedAndSumToOne() {
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS)) {
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
    try (ImageClassifier classifier = new ImageClassifier(new RandomWeights(CONFIG, 1))) {
      assertThat(classifier.classify(noise(16, 16), 3))
          .allMatch(p -> p.label().equals("class " + p.index()));
    }
  }

  /** Of a photo's sides only the middle of the longer counts. */
  @Test
  void fittingScalesAPhotoByItsShorterSideAndCentresIt() {
    BufferedImage square = noise(32, 32);
    BufferedImage wide = new BufferedImage(64, 32, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = wide.createGraphics();
    graphics.setColor(Color.MAGENTA);
    graphics.fillRect(0, 0, 64, 32);
    graphics.drawImage(square, 16, 0, null);
    graphics.dispose();
    try (ImageClassifier classifier =
        new ImageClassifier(WEIGHTS, INFO.withTransform(ImageTransform.FIT))) {
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
      try (TUint8 batch = TUint8.tensorOf(Shape.of(1, 8, 8, 3), DataBuffers.of(pixels));
          Result result =
              session
                  .runner()
                  .fetch(
                      Preprocessing.transform(
                          tf, CONFIG.input(), ImageTransform.FIT, tf.constantOf(batch)))
                  .fetch(Preprocessing.resize(tf, CONFIG.input(), tf.constantOf(batch)))
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
    Mixer config = Mixer.of(4, 2, 4, 1, 4, 4, 2);
    byte[] pixels = {0, 0, 0, 100, 100, 100, 0, 0, 0, 100, 100, 100};
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      try (TUint8 batch = TUint8.tensorOf(Shape.of(1, 2, 2, 3), DataBuffers.of(pixels));
          Result result =
              session
                  .runner()
                  .fetch(Preprocessing.resize(tf, config.input(), tf.constantOf(batch)))
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
    Mixer config =
        CONFIG.withInput(
            CONFIG.input().withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(0.5f, 0.25f, 2f)));
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      var pixels = tf.reshape(tf.constant(new float[] {255f, 51f, 0f}), tf.array(1, 1, 1, 3));
      try (Result result =
          session.runner().fetch(Preprocessing.normalize(tf, config.input(), pixels)).run()) {
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
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS);
        TUint8 batch = TUint8.tensorOf(Shape.of(2, 5, 7, 3), DataBuffers.of(pixels))) {
      float[][] logits = classifier.logits(batch);
      assertThat(logits).hasNumberOfRows(2);
      assertThat(logits[0]).isNotEqualTo(logits[1]);
    }
  }

  /**
   * What becomes of images is for {@link ImageTransformTest}; here, that it reaches the network.
   */
  @Test
  void imagesAreTransformedAndNormalized() {
    Mixer config =
        CONFIG.withInput(
            CONFIG.input().withNormalization(List.of(0.1f, 0.2f, 0.3f), List.of(0.5f, 0.25f, 2f)));
    Weights weights = new RandomWeights(config, 1);
    BufferedImage image = noise(30, 21);
    for (ImageTransform transform :
        List.of(ImageTransform.TIMM, ImageTransform.squash(Interpolation.BILINEAR))) {
      byte[] levels = transform.apply(image, CONFIG.input());
      float[] input = new float[levels.length];
      for (int i = 0; i < input.length; i++) {
        double level = (levels[i] & 0xff) / 255.0;
        input[i] =
            (float) ((level - config.input().mean().get(i % 3)) / config.input().std().get(i % 3));
      }
      try (ImageClassifier classifier =
              new ImageClassifier(weights, INFO.withTransform(transform));
          TFloat32 batch = TFloat32.tensorOf(Shape.of(1, 16, 16, 3), DataBuffers.of(input))) {
        assertThat(classifier.logits(List.of(image))[0])
            .containsExactly(classifier.logits(batch)[0], within(1e-4f));
        assertThat(classifier.features(List.of(image))[0])
            .containsExactly(classifier.features(batch)[0], within(1e-4f));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8, 9, 21})
  void listsMayBeOfAnyLength(int length) {
    List<BufferedImage> images = images(length);
    for (ImageTransform transform : List.of(ImageTransform.TIMM, ImageTransform.FIT)) {
      try (ImageClassifier classifier =
          new ImageClassifier(WEIGHTS, INFO.withTransform(transform))) {
        float[][] features = classifier.features(images);
        float[][] probabilities = classifier.probabilities(images);
        List<List<Prediction>> top = classifier.classify(images, 2);
        assertThat(features).hasNumberOfRows(length);
        assertThat(probabilities).hasNumberOfRows(length);
        assertThat(top).hasSize(length);
        for (int i = 0; i < length; i++) {
          assertThat(features[i])
              .containsExactly(classifier.features(images.subList(i, i + 1))[0], within(1e-5f));
          Prediction alone = classifier.classify(images.get(i), 1).get(0);
          assertThat(top.get(i)).hasSize(2);
          assertThat(top.get(i).get(0).label()).isEqualTo(alone.label());
          assertThat(probabilities[i][alone.index()]).isCloseTo(alone.probability(), within(1e-5f));
        }
      }
    }
  }

  /** A network of one channel sees the gray levels that Pillow makes of a photo. */
  @Test
  void colorsBecomeGrayForNetworksOfOneChannel() {
    Network lenet = Networks.preset("LeNet-5").orElseThrow();
    BufferedImage photo = noise(40, 30);
    BufferedImage gray = new BufferedImage(40, 30, BufferedImage.TYPE_BYTE_GRAY);
    byte[] levels = new Pixels(photo, 1).all();
    gray.getRaster().setDataElements(0, 0, 40, 30, levels);
    for (ImageTransform transform :
        List.of(ImageTransform.TIMM, ImageTransform.squash(Interpolation.BILINEAR), FIT)) {
      try (ImageClassifier classifier =
          new ImageClassifier(
              new InitialWeights(lenet, 1), ModelInfo.NONE.withTransform(transform))) {
        float[][] logits = classifier.logits(List.of(photo));
        assertThat(logits).isDeepEqualTo(classifier.logits(List.of(gray)));
        assertThat(logits[0]).hasSize(10).doesNotContain(0f);
        assertThat(classifier.features(List.of(photo))[0]).hasSize(84);
      }
    }
  }

  /** An ImageNet crop would cut off the borders of digits. */
  @Test
  void weightsWithoutATransformHaveTheDefaultOfTheirNetwork() {
    for (String name : Networks.presetNames()) {
      Network network = Networks.preset(name).orElseThrow();
      boolean digits = network.input().channels() == 1;
      boolean wider = List.of("vit", "vip").contains(network.family());
      assertThat(ModelInfo.NONE.transformOrDefault(network))
          .as(name)
          .isEqualTo(
              digits
                  ? ImageTransform.squash(Interpolation.BILINEAR)
                  : ImageTransform.centerCrop(wider ? 0.9 : 0.875, Interpolation.BICUBIC));
    }
    Network lenet = Networks.preset("LeNet-5").orElseThrow();
    try (ImageClassifier classifier =
        new ImageClassifier(new InitialWeights(lenet, 1), ModelInfo.NONE)) {
      assertThat(classifier.transform()).hasToString("squash bilinear");
    }
  }

  @Test
  void withoutAHeadThereAreFeaturesAlone() {
    Mixer config = CONFIG.withClasses(0);
    try (ImageClassifier classifier = new ImageClassifier(new RandomWeights(config, 1))) {
      assertThat(classifier.features(images(1))[0]).hasSize(12);
      assertThatThrownBy(() -> classifier.classify(noise(20, 20), 1))
          .isInstanceOf(MixerException.class)
          .hasMessage("expected a head to classify with, found none; features() needs none");
    }
  }

  @Test
  void anImageThatIsNullIsExplained() {
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS)) {
      String why = "ImageIO.read gives null if it reads no image";
      assertThatThrownBy(() -> classifier.classify((BufferedImage) null, 1))
          .isInstanceOf(NullPointerException.class)
          .hasMessageContaining(why);
      assertThatThrownBy(() -> classifier.features(Arrays.asList(noise(8, 8), null)))
          .isInstanceOf(NullPointerException.class)
          .hasMessageContaining(why);
    }
  }

  @Test
  void refusesToShowNoClasses() {
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS)) {
      assertThatThrownBy(() -> classifier.classify(noise(20, 20), 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("top must be above 0, found 0");
    }
  }

  @Test
  void threadsThatShareOneClassifierGetTheAnswersTheyGetAlone() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    List<BufferedImage> images = images(10);
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS)) {
      float[][] alone = new float[images.size()][];
      for (int i = 0; i < alone.length; i++) {
        alone[i] = classifier.logits(images.subList(i, i + 1))[0];
      }
      float[][] batch = classifier.features(images);
      List<Future<float[][]>> logits = new ArrayList<>();
      List<Future<float[][]>> features = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        int image = i % alone.length;
        logits.add(pool.submit(() -> classifier.logits(images.subList(image, image + 1))));
        features.add(pool.submit(() -> classifier.features(images)));
      }
      for (int i = 0; i < logits.size(); i++) {
        assertThat(logits.get(i).get()[0]).isEqualTo(alone[i % alone.length]);
        assertThat(features.get(i).get()).isDeepEqualTo(batch);
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void afterClosingItSaysSo() {
    ImageClassifier classifier = new ImageClassifier(WEIGHTS);
    classifier.close();
    classifier.close();
    assertThatThrownBy(() -> classifier.classify(noise(20, 20), 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("this ImageClassifier is closed");
    assertThatThrownBy(() -> classifier.features(images(3)))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> classifier.classify(List.of(), 1))
        .isInstanceOf(IllegalStateException.class);
  }

  /** TensorFlow itself would end the process, or take four images' pixels for four images. */
  @Test
  void batchesOfAnotherShapeAreRefused() {
    long size = CONFIG.input().size();
    try (ImageClassifier classifier = new ImageClassifier(WEIGHTS)) {
      for (Shape shape :
          List.of(
              Shape.of(size, size, 3),
              Shape.of(size, size),
              Shape.of(1, 2 * size, 2 * size, 3),
              Shape.of(1, size, size, 1))) {
        try (TFloat32 batch = TFloat32.tensorOf(shape)) {
          assertThatThrownBy(() -> classifier.logits(batch))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessage("expected a batch of shape [-1, %d, %d, 3], found %s", size, size, shape);
          assertThatThrownBy(() -> classifier.features(batch))
              .isInstanceOf(IllegalArgumentException.class);
        }
      }
      try (TUint8 gray = TUint8.tensorOf(Shape.of(1, 5, 7, 1))) {
        assertThatThrownBy(() -> classifier.logits(gray))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  /** Each call is answered or refused; none meets a freed graph, which would end the JVM. */
  @Test
  void closingWaitsForCallsOfOtherThreads() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<BufferedImage> images = images(3);
    try {
      for (int round = 0; round < 20; round++) {
        ImageClassifier classifier = new ImageClassifier(WEIGHTS);
        float[][] alone = classifier.logits(images);
        List<Future<float[][]>> answers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
          answers.add(pool.submit(() -> classifier.logits(images)));
        }
        answers.get(round).get();
        classifier.close();
        for (Future<float[][]> answer : answers) {
          try {
            assertThat(answer.get()).isDeepEqualTo(alone);
          } catch (ExecutionException e) {
            assertThat(e).hasCauseInstanceOf(IllegalStateException.class);
            assertThat(e.getCause()).hasMessage("this ImageClassifier is closed");
          }
        }
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void loadingWithoutTheReadersNamesTheirArtifact() {
    assertThatThrownBy(() -> ImageClassifier.load(Path.of("mixer.h5")))
        .isInstanceOf(MixerException.class)
        .hasMessage(
            "mixer.h5: expected an artifact on the class path that reads weights, found none; add"
                + " dev.mixer4j:weight-import");
  }

  /**
   * A leaked image would be 12 kB or more: 114 MB in 9,500 calls, but for what Java's collector
   * happens to find. The count of native objects misses none.
   */
  @Test
  void callsLeaveNoNativeMemoryAndPrintNothing() throws Exception {
    // In a Java whose heap is fixed and touched at the start, so that native memory is what grows.
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"));
    command.add("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ManyCalls.class.getName());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    String[] found = out.strip().split(" ");
    assertThat(found).hasSize(3); // and nothing else
    assertThat(Long.parseLong(found[0])).as("the process, in MB").isLessThan(40);
    assertThat(Long.parseLong(found[1])).as("bytes in native objects").isLessThan(100_000);
    assertThat(Long.parseLong(found[2])).as("native objects").isLessThan(10);
  }

  /**
   * Prints by how much the process was larger after call 10,000 than after call 500, and by how
   * much more in native objects there was at most in between.
   */
  static final class ManyCalls {
    private ManyCalls() {}

    public static void main(String[] args) {
      BufferedImage image = noise(70, 80);
      Weights weights = new RandomWeights(Mixer.of(64, 16, 12, 2, 8, 24, 3), 1);
      try (ImageClassifier timm = new ImageClassifier(weights, INFO);
          ImageClassifier fit =
              new ImageClassifier(weights, INFO.withTransform(ImageTransform.FIT))) {
        calls(image, timm, fit, 500);
        long process = Pointer.physicalBytes();
        long bytes = Pointer.totalBytes();
        long count = Pointer.totalCount();
        long[] most = calls(image, timm, fit, 9500);
        System.out.printf(
            "%d %d %d%n",
            (Pointer.physicalBytes() - process) / 1_000_000, most[0] - bytes, most[1] - count);
      }
    }

    private static long[] calls(
        BufferedImage image, ImageClassifier timm, ImageClassifier fit, int calls) {
      long[] most = new long[2];
      for (int i = 0; i < calls; i++) {
        (i % 2 == 0 ? timm : fit).classify(image, 3);
        most[0] = Math.max(most[0], Pointer.totalBytes());
        most[1] = Math.max(most[1], Pointer.totalCount());
      }
      return most;
    }
  }

  @Test
  void softmaxSurvivesLargeLogits() {
    assertThat(Logits.softmax(new float[] {1000f, 1000f})).containsExactly(0.5, 0.5);
    assertThat(Logits.softmax(new float[] {0f, (float) Math.log(3)})[1])
        .isCloseTo(0.75, within(1e-6));
  }

  /** All different, in size too. */
  private static List<BufferedImage> images(int count) {
    return IntStream.range(0, count).mapToObj(i -> noise(16 + 3 * i, 40 - i)).toList();
  }

  private static BufferedImage noise(int width, int height) {
    Random random = new Random(width * 1000 + height);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt(1 << 24));
      }
    }
    return image;
  }
}
