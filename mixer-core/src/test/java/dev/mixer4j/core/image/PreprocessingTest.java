package dev.mixer4j.core.image;

import static dev.mixer4j.core.image.ImageTransform.FIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;

class PreprocessingTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/fixtures/transforms/cases.csv")
  void transformsAsTimm(
      String name, ImageTransform.Mode mode, double fraction, Interpolation interpolation, int size)
      throws IOException {
    ImageTransform transform = new ImageTransform(mode, fraction, interpolation);
    BufferedImage image = read(name);
    byte[] expected = transform.apply(image, ImageInput.square(size, 3));
    float[] found = inGraph(transform, image, size);
    int different = 0;
    for (int i = 0; i < found.length; i++) {
      float difference = Math.abs(found[i] - (expected[i] & 0xff));
      assertThat(difference).isIn(0f, 1f);
      different += (int) difference;
    }
    // Drawn images have few levels, so that many a pixel lies in the middle between two.
    double share = name.startsWith("photo") ? 0.01 : 0.15;
    assertThat(different).isLessThanOrEqualTo((int) (share * found.length));
  }

  /** Also of several at once, and of pixels that are no bytes. */
  @Test
  void transformsBatches() throws IOException {
    BufferedImage image = read("photo_wide");
    byte[] pixels = new Pixels(image, 3).all();
    float[] two = new float[2 * pixels.length];
    for (int i = 0; i < pixels.length; i++) {
      two[i] = pixels[i] & 0xff;
      two[pixels.length + i] = 255 - (pixels[i] & 0xff);
    }
    Shape shape = Shape.of(2, image.getHeight(), image.getWidth(), 3);
    for (ImageTransform transform :
        List.of(ImageTransform.TIMM, ImageTransform.squash(Interpolation.BILINEAR), FIT)) {
      try (TFloat32 batch = TFloat32.tensorOf(shape, DataBuffers.of(two, true, false))) {
        float[] found = inGraph(transform, TFloat32.class, batch, 24);
        float[] alone = inGraph(transform, image, 24);
        assertThat(found).startsWith(alone).hasSize(2 * alone.length);
        for (int i = 0; i < alone.length; i++) {
          assertThat(found[alone.length + i]).isCloseTo(255 - alone[i], within(1f));
        }
      }
    }
  }

  /** Within what rounding to bytes takes away, FIT is timm's crop of 1. */
  @Test
  void fitIsNotRounded() throws IOException {
    float[] fit = inGraph(FIT, read("photo_tall"), 24);
    float[] cropped =
        inGraph(ImageTransform.centerCrop(1, Interpolation.BILINEAR), read("photo_tall"), 24);
    double sum = 0;
    for (int i = 0; i < fit.length; i++) {
      sum += Math.abs(fit[i] - cropped[i]) / fit.length;
    }
    assertThat(sum).isBetween(0.1, 3.0);
    assertThat(isWhole(fit)).isFalse();
    assertThat(isWhole(cropped)).isTrue();
  }

  /** TensorFlow's own of bytes, which GPUs have not. */
  @Test
  void resizesAsTensorFlowDoesBytes() {
    ImageInput square = ImageInput.square(48, 3);
    byte[] levels = new byte[2 * 37 * 61 * 3];
    new Random(1).nextBytes(levels);
    try (Graph graph = new Graph();
        TUint8 pixels =
            TUint8.tensorOf(Shape.of(2, 37, 61, 3), DataBuffers.of(levels, true, false))) {
      Ops tf = Ops.create(graph);
      Operand<TUint8> input = tf.constantOf(pixels);
      Operand<TFloat32> expected =
          tf.image.resizeBilinear(input, tf.array(48, 48), ResizeBilinear.halfPixelCenters(true));
      Operand<TFloat32> found = Preprocessing.resize(tf, square, input);
      try (Session session = new Session(graph);
          Result result = session.runner().fetch(expected).fetch(found).run()) {
        assertThat(result.get(1)).isEqualTo(result.get(0));
      }
    }
  }

  private static boolean isWhole(float[] levels) {
    for (float level : levels) {
      if (level != Math.rint(level)) {
        return false;
      }
    }
    return true;
  }

  private static float[] inGraph(ImageTransform transform, BufferedImage image, int size) {
    Shape shape = Shape.of(1, image.getHeight(), image.getWidth(), 3);
    try (TUint8 input =
        TUint8.tensorOf(shape, DataBuffers.of(new Pixels(image, 3).all(), true, false))) {
      return inGraph(transform, TUint8.class, input, size);
    }
  }

  private static <T extends TNumber> float[] inGraph(
      ImageTransform transform, Class<T> type, T input, int size) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<T> images = tf.placeholder(type, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      Operand<TFloat32> transformed =
          Preprocessing.transform(tf, ImageInput.square(size, 3), transform, images);
      try (Result result = session.runner().feed(images, input).fetch(transformed).run()) {
        float[] pixels = new float[(int) result.get(0).shape().size()];
        result.get(0).asRawTensor().data().asFloats().read(pixels);
        return pixels;
      }
    }
  }

  private static BufferedImage read(String image) throws IOException {
    try (InputStream in =
        PreprocessingTest.class.getResourceAsStream("/fixtures/transforms/" + image + ".png")) {
      return ImageIO.read(in);
    }
  }
}
