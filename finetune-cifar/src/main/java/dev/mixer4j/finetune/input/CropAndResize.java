package dev.mixer4j.finetune.input;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * Takes a box out of each image of a batch, resizes it and mirrors it, as {@code
 * tf.image.resize(tf.slice(image, ...))} does for one image: bilinear with half-pixel centers,
 * without anti-aliasing. Such a resize is linear along each axis, so for an image it is {@code rows
 * · image · columnsᵀ} with sparse matrices, and the boxes of a batch may differ.
 */
record CropAndResize(Ops tf, Operand<TFloat32> boxes, int height, int width) {

  private static final int TOP = 0;
  private static final int LEFT = 1;
  private static final int HEIGHT = 2;
  private static final int WIDTH = 3;

  /**
   * Turns pixels [batch, height, width, channels] into float32 in 0..255.
   *
   * @param boxes [batch, 4]: top, left, height and width in pixels; not empty, within the image
   * @param flips [batch], true for an image to mirror left to right
   */
  static Operand<TFloat32> of(
      Ops tf,
      Operand<TUint8> pixels,
      Operand<TInt32> boxes,
      Operand<TBool> flips,
      int height,
      int width) {
    Operand<TFloat32> numbers = tf.dtypes.cast(boxes, TFloat32.class);
    return new CropAndResize(tf, numbers, height, width).apply(pixels, flips);
  }

  private Operand<TFloat32> apply(Operand<TUint8> pixels, Operand<TBool> flips) {
    Operand<TFloat32> down = range(tf.constant(height));
    Operand<TFloat32> forward = range(tf.constant(width));
    Operand<TFloat32> backward = tf.math.sub(tf.constant(width - 1f), forward);
    Operand<TFloat32> across = tf.select(tf.expandDims(flips, tf.constant(1)), backward, forward);
    Operand<TFloat32> rows = weights(down, height, TOP, HEIGHT, extent(pixels, 1));
    Operand<TFloat32> columns = weights(across, width, LEFT, WIDTH, extent(pixels, 2));
    Operand<TFloat32> image = tf.dtypes.cast(pixels, TFloat32.class);
    image = tf.linalg.einsum(List.of(columns, image), "bxw,bhwc->bhxc");
    return tf.linalg.einsum(List.of(rows, image), "byh,bhxc->byxc");
  }

  /**
   * The share of each pixel of one axis in each pixel of the result: [batch, size, extent].
   *
   * @param outputs the result's pixels in their order, [batch or 1, size]
   * @param extent the image's pixels along the axis
   */
  private Operand<TFloat32> weights(
      Operand<TFloat32> outputs, int size, int start, int length, Operand<TInt32> extent) {
    Operand<TFloat32> half = tf.constant(0.5f);
    Operand<TFloat32> one = tf.constant(1f);
    Operand<TFloat32> scale = tf.math.div(number(length), tf.constant((float) size));
    Operand<TFloat32> position =
        tf.math.sub(tf.math.mul(tf.math.add(outputs, half), scale), half); // within the box
    position = tf.math.minimum(tf.nn.relu(position), tf.math.sub(number(length), one));
    Operand<TFloat32> sources = tf.math.sub(range(extent), number(start));
    Operand<TFloat32> distance =
        tf.math.abs(
            tf.math.sub(
                tf.expandDims(position, tf.constant(2)), tf.expandDims(sources, tf.constant(1))));
    return tf.nn.relu(tf.math.sub(one, distance));
  }

  /** One number of each box, [batch, 1]. */
  private Operand<TFloat32> number(int index) {
    return tf.slice(boxes, tf.array(0, index), tf.array(-1, 1));
  }

  private Operand<TInt32> extent(Operand<TUint8> pixels, int axis) {
    return tf.gather(tf.shape(pixels), tf.constant(axis), tf.constant(0));
  }

  private Operand<TFloat32> range(Operand<TInt32> limit) {
    return tf.dtypes.cast(tf.range(tf.constant(0), limit, tf.constant(1)), TFloat32.class);
  }
}
