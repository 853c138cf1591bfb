package dev.mixer4j.finetune;

import java.util.Arrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TUint8;

/** Images of one size with a class each, held in memory as bytes. */
public final class LabelledImages {

  static final int CHANNELS = 3;

  private final int height;
  private final int width;
  private final byte[] pixels;
  private final byte[] labels;

  /**
   * Takes the arrays over, without a copy.
   *
   * @param pixels [images, height, width, 3], unsigned
   * @param labels the class of each image, unsigned
   */
  LabelledImages(int height, int width, byte[] pixels, byte[] labels) {
    if (pixels.length != Math.multiplyExact(labels.length, height * width * CHANNELS)) {
      throw new IllegalArgumentException(
          "%d bytes are not %d images of %dx%d"
              .formatted(pixels.length, labels.length, height, width));
    }
    this.height = height;
    this.width = width;
    this.pixels = pixels;
    this.labels = labels;
  }

  /** Number of images. */
  public int size() {
    return labels.length;
  }

  /** Rows of an image. */
  public int height() {
    return height;
  }

  /** Columns of an image. */
  public int width() {
    return width;
  }

  /** One image's pixels, a copy: [height, width, 3], unsigned. */
  public byte[] bytes(int index) {
    int bytes = height * width * CHANNELS;
    return Arrays.copyOfRange(pixels, index * bytes, (index + 1) * bytes);
  }

  /** The class of one image. */
  public int label(int index) {
    return Byte.toUnsignedInt(labels[index]);
  }

  /** The classes of some images, in the order of the indices. */
  public int[] labels(int... indices) {
    return Arrays.stream(indices).map(this::label).toArray();
  }

  /**
   * Some images as a tensor, which the caller closes.
   *
   * @return [indices, height, width, 3] uint8, in the order of the indices
   */
  public TUint8 pixels(int... indices) {
    int bytes = height * width * CHANNELS;
    byte[] batch = new byte[Math.multiplyExact(indices.length, bytes)];
    for (int i = 0; i < indices.length; i++) {
      System.arraycopy(pixels, indices[i] * bytes, batch, i * bytes, bytes);
    }
    return TUint8.tensorOf(
        Shape.of(indices.length, height, width, CHANNELS), DataBuffers.of(batch, true, false));
  }
}
