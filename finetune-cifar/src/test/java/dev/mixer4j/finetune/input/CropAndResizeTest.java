package dev.mixer4j.finetune.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.Preprocessing;
import dev.mixer4j.finetune.Fixtures;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** Against TensorFlow for Python: tools/reference/make_augmentation_fixtures.py made the files. */
class CropAndResizeTest {

  @ParameterizedTest
  @ValueSource(strings = {"up", "down", "same"})
  void isTensorFlowsResizeOfTheSlice(String name) throws IOException {
    NpyFile pixels = read(name + "_pixels");
    NpyFile rows = read(name + "_boxes");
    NpyFile wanted = read(name + "_resized");
    int count = (int) pixels.shape().get(0);
    int[] boxes = new int[4 * count];
    boolean[] flips = new boolean[count];
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < 4; j++) {
        boxes[4 * i + j] = (int) rows.values().get(5 * i + j);
      }
      flips[i] = rows.values().get(5 * i + 4) == 1;
    }
    float[] found = crop(pixels, boxes, flips, (int) wanted.shape().get(1));
    assertThat(found).hasSize(wanted.values().remaining());
    // TensorFlow's optimizer divides by a product with the reciprocal: positions around 20 move by
    // 2e-6, where neighbours differ by up to 255.
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i])
          .as("%s %d", name, i)
          .isCloseTo(wanted.values().get(i), Offset.offset(1e-3f));
    }
  }

  /** From CIFAR's and other sizes to the network's: nothing changes where nothing is cropped. */
  @ParameterizedTest
  @CsvSource({"32, 32, 224", "224, 224, 224", "50, 37, 64", "150, 200, 48", "1, 1, 8", "5, 1, 7"})
  void theWholeImageIsPreprocessingsResize(int height, int width, int size) {
    byte[] bytes = new byte[2 * height * width * 3];
    new Random(1).nextBytes(bytes);
    int[] whole = {0, 0, height, width, 0, 0, height, width};
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var pixels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      var boxes = tf.constant(Shape.of(2, 4), DataBuffers.of(whole));
      var cropped = CropAndResize.of(tf, pixels, boxes, tf.array(false, false), size, size);
      var resized = Preprocessing.resize(tf, ImageInput.square(size, 3), pixels);
      var difference =
          tf.reduceMax(tf.math.abs(tf.math.sub(cropped, resized)), tf.array(0, 1, 2, 3));
      assertThat(cropped.shape()).isEqualTo(Shape.of(2, size, size, 3));
      Shape shape = Shape.of(2, height, width, 3);
      try (Session session = new Session(graph);
          TUint8 input = TUint8.tensorOf(shape, DataBuffers.of(bytes));
          Result result = session.runner().feed(pixels, input).fetch(difference).run()) {
        assertThat(((TFloat32) result.get(0)).getFloat()).isLessThan(2e-4f);
      }
    }
  }

  @Test
  void noPixelOutsideTheBoxAddsToIt() {
    int size = 6;
    byte[] bytes = new byte[size * size * 3];
    for (int i = 0; i < bytes.length; i++) {
      int row = i / 3 / size;
      int column = i / 3 % size;
      boolean inside = row >= 2 && row < 5 && column >= 1 && column < 3;
      bytes[i] = (byte) (inside ? 100 : 255);
    }
    var box = new int[] {2, 1, 3, 2};
    float[] found = crop(Shape.of(1, size, size, 3), bytes, box, new boolean[] {true}, 9);
    assertThat(found).containsOnly(100f);
  }

  private static NpyFile read(String name) throws IOException {
    return NpyFile.read(Fixtures.resource("crops/" + name + ".npy"));
  }

  private static float[] crop(NpyFile pixels, int[] boxes, boolean[] flips, int size) {
    byte[] bytes = new byte[pixels.values().remaining()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) pixels.values().get(i);
    }
    return crop(pixels.shape(), bytes, boxes, flips, size);
  }

  private static float[] crop(Shape shape, byte[] bytes, int[] boxes, boolean[] flips, int size) {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      var pixels = tf.placeholder(TUint8.class, Placeholder.shape(Shape.of(-1, -1, -1, 3)));
      var fedBoxes = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1, 4)));
      var fedFlips = tf.placeholder(TBool.class, Placeholder.shape(Shape.of(-1)));
      var cropped = CropAndResize.of(tf, pixels, fedBoxes, fedFlips, size, size);
      try (Session session = new Session(graph);
          TUint8 input = TUint8.tensorOf(shape, DataBuffers.of(bytes));
          TInt32 boxInput = TInt32.tensorOf(Shape.of(flips.length, 4), DataBuffers.of(boxes));
          TBool flipInput = TBool.vectorOf(flips);
          Result result =
              session
                  .runner()
                  .feed(pixels, input)
                  .feed(fedBoxes, boxInput)
                  .feed(fedFlips, flipInput)
                  .fetch(cropped)
                  .run()) {
        float[] values = new float[flips.length * size * size * 3];
        ((TFloat32) result.get(0)).copyTo(DataBuffers.of(values));
        return values;
      }
    }
  }
}
