package dev.mixer4j.finetune.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Random;
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
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

class MiddleSquareTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cats/wide.png",
        "cats/tall.png",
        "cats/square.PNG",
        "dogs/gray.png",
        "dogs/palette.png",
        "dogs/deeper/clear.png",
        "emus/small.png"
      })
  void equalsPillowToTheBit(String picture) throws IOException {
    BufferedImage image = ImageFile.read(DataFixtures.path("pictures/" + picture));
    String name = picture.substring(picture.lastIndexOf('/') + 1);
    for (int size : new int[] {16, 40}) {
      assertThat(MiddleSquare.of(image, size, 3))
          .isEqualTo(DataFixtures.npy("squares/" + name + "." + size + ".npy"));
    }
  }

  /** Decoders of JPEG differ a little. */
  @ParameterizedTest
  @ValueSource(strings = {"photo.jpg", "gray.jpeg"})
  void isNearPillowForJpeg(String name) throws IOException {
    BufferedImage image = ImageFile.read(DataFixtures.path("pictures/emus/" + name));
    for (int size : new int[] {16, 40}) {
      byte[] expected = DataFixtures.npy("squares/" + name + "." + size + ".npy");
      byte[] found = MiddleSquare.of(image, size, 3);
      for (int i = 0; i < expected.length; i++) {
        assertThat(found[i] & 0xff).isBetween((expected[i] & 0xff) - 2, (expected[i] & 0xff) + 2);
      }
    }
  }

  /** So that a photo is classified as it would have been trained on. */
  @ParameterizedTest
  @CsvSource({"100, 67, 32", "50, 120, 24", "31, 31, 64", "64, 64, 64", "1, 9, 8", "500, 3, 7"})
  void isWhatTheClassifierDoesRounded(int width, int height, int size) {
    Random random = new Random(width);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    byte[] pixels = new byte[height * width * 3];
    random.nextBytes(pixels);
    for (int i = 0; i < width * height; i++) {
      int rgb =
          (pixels[3 * i] & 0xff) << 16 | (pixels[3 * i + 1] & 0xff) << 8 | pixels[3 * i + 2] & 0xff;
      image.setRGB(i % width, i / width, rgb);
    }
    byte[] found = MiddleSquare.of(image, size, 3);
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TUint8 input =
            TUint8.tensorOf(Shape.of(1, height, width, 3), DataBuffers.of(pixels, true, false))) {
      Ops tf = Ops.create(graph);
      Placeholder<TUint8> photo = tf.placeholder(TUint8.class);
      try (Result result =
          session
              .runner()
              .feed(photo, input)
              .fetch(
                  Preprocessing.transform(
                      tf, ImageInput.square(size, 3), ImageTransform.FIT, photo))
              .run()) {
        TFloat32 expected = (TFloat32) result.get(0);
        for (int i = 0; i < found.length; i++) {
          float level = expected.getFloat(0, i / 3 / size, i / 3 % size, i % 3);
          assertThat((float) (found[i] & 0xff)).isBetween(level - 1.01f, level + 1.01f);
        }
      }
    }
  }
}
