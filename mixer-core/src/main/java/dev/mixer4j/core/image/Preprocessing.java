package dev.mixer4j.core.image;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.op.image.ScaleAndTranslate;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;

/**
 * The preprocessing of images as TensorFlow operations: resizing, cropping and normalization.
 *
 * <pre>{@code
 * Placeholder<TUint8> pixels = tf.placeholder(TUint8.class); // [batch, height, width, channels]
 * Operand<TFloat32> square =
 *     Preprocessing.transform(tf, network.input(), network.defaultTransform(), pixels);
 * Operand<TFloat32> images = Preprocessing.normalize(tf, network.input(), square);
 * }</pre>
 */
public final class Preprocessing {

  private Preprocessing() {}

  /**
   * {@return images stretched to the network's size, [batch, height, width, channels] float32 in
   * 0..255} Bilinear, with half-pixel centers, without anti-aliasing: {@code
   * torch.nn.functional.interpolate(mode="bilinear")}.
   *
   * @param tf the caller's graph
   * @param input the images that the network takes
   * @param pixels [batch, height, width, channels] uint8
   */
  public static Operand<TFloat32> resize(Ops tf, ImageInput input, Operand<TUint8> pixels) {
    Operand<TInt32> size = tf.array(input.height(), input.width());
    // TensorFlow has no kernel that resizes bytes on a GPU; the one for floats gives the same bits.
    Operand<TFloat32> floats = tf.dtypes.cast(pixels, TFloat32.class);
    return tf.image.resizeBilinear(floats, size, ResizeBilinear.halfPixelCenters(true));
  }

  /**
   * Applies a transform as a classifier does: as Pillow, first along rows, then along columns,
   * rounded to bytes after each. Pillow's weights are in fixed point, so that single pixels may
   * differ by one level. {@link ImageTransform.Mode#FIT} resizes in one step, without rounding.
   *
   * @param tf the caller's graph
   * @param input the images that the network takes
   * @param transform how the images are resized and cropped
   * @param images [batch, height, width, channels] of any numeric type, in 0..255; their sizes may
   *     be unknown until the graph runs
   * @return [batch, height, width, channels] float32 in 0..255
   */
  public static Operand<TFloat32> transform(
      Ops tf, ImageInput input, ImageTransform transform, Operand<? extends TNumber> images) {
    Operand<TInt32> size = tf.constant(input.size());
    Operand<TInt32> extent = tf.slice(tf.shape(images), tf.array(1), tf.array(2));
    Operand<TFloat64> before = tf.dtypes.cast(extent, TFloat64.class); // height, width
    Operand<TFloat64> after = resized(tf, input, transform, before);
    Operand<TFloat64> surplus =
        tf.math.sub(after, tf.dtypes.cast(tf.stack(List.of(size, size)), TFloat64.class));
    Operand<TFloat32> scale = tf.dtypes.cast(tf.math.div(after, before), TFloat32.class);
    Operand<TFloat64> shift = tf.math.mul(surplus, tf.constant(-0.5));
    if (transform.mode() == ImageTransform.Mode.FIT) {
      return scaleAndTranslate(
          tf,
          transform,
          images,
          tf.stack(List.of(size, size)),
          scale,
          tf.dtypes.cast(shift, TFloat32.class));
    }
    Operand<TFloat32> crop = tf.dtypes.cast(tf.math.rint(shift), TFloat32.class);
    Operand<TFloat32> rows = tf.array(0f, 1f); // 1 for the axis that a pass resizes
    Operand<TFloat32> columns = tf.array(1f, 0f);
    Operand<TInt32> narrow =
        tf.stack(List.of(tf.gather(extent, tf.constant(0), tf.constant(0)), size));
    Operand<TFloat32> pixels =
        scaleAndTranslate(
            tf,
            transform,
            images,
            narrow,
            tf.math.add(tf.math.mul(scale, rows), columns),
            tf.math.mul(crop, rows));
    return toLevels(
        tf,
        scaleAndTranslate(
            tf,
            transform,
            toLevels(tf, pixels),
            tf.stack(List.of(size, size)),
            tf.math.add(tf.math.mul(scale, columns), rows),
            tf.math.mul(crop, columns)));
  }

  /** The height and width of the whole image once it is resized. */
  private static Operand<TFloat64> resized(
      Ops tf, ImageInput input, ImageTransform transform, Operand<TFloat64> extent) {
    double size = input.size();
    Operand<TFloat64> shorter = tf.reduceMin(extent, tf.constant(0));
    return switch (transform.mode()) {
      case CENTER_CROP -> // whole pixels, as in torchvision
          tf.math.floor(
              tf.math.div(
                  tf.math.mul(extent, tf.constant((double) transform.resizedSide(input.size()))),
                  shorter));
      case SQUASH -> tf.array(size, size);
      case FIT -> tf.math.div(tf.math.mul(extent, tf.constant(size)), shorter);
    };
  }

  private static Operand<TFloat32> scaleAndTranslate(
      Ops tf,
      ImageTransform transform,
      Operand<? extends TNumber> images,
      Operand<TInt32> size,
      Operand<TFloat32> scale,
      Operand<TFloat32> translation) {
    String kernel =
        switch (transform.interpolation()) {
          case BILINEAR -> "triangle";
          case BICUBIC -> "keyscubic";
        };
    return tf.image.scaleAndTranslate(
        images,
        size,
        scale,
        translation,
        ScaleAndTranslate.kernelType(kernel),
        ScaleAndTranslate.antialias(true));
  }

  /** Whole numbers in 0..255; bicubic values may lie outside. */
  private static Operand<TFloat32> toLevels(Ops tf, Operand<TFloat32> pixels) {
    Operand<TFloat32> whole = tf.math.floor(tf.math.add(pixels, tf.constant(0.5f)));
    return tf.clipByValue(whole, tf.constant(0f), tf.constant(255f));
  }

  /**
   * {@code (pixels / 255 − mean) / std}, per channel.
   *
   * @param tf the caller's graph
   * @param input has mean and standard deviation
   * @param pixels [batch, height, width, channels] float32 in 0..255
   * @return of the same shape, the network's input
   */
  public static Operand<TFloat32> normalize(Ops tf, ImageInput input, Operand<TFloat32> pixels) {
    Operand<TFloat32> unit = tf.math.mul(pixels, tf.constant(1f / 255f));
    Operand<TFloat32> centred = tf.math.sub(unit, tf.constant(array(input.mean())));
    return tf.math.div(centred, tf.constant(array(input.std())));
  }

  private static float[] array(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }
}
