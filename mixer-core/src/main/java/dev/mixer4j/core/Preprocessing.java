package dev.mixer4j.core;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.ResizeBilinear;
import org.tensorflow.op.image.ScaleAndTranslate;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** From 8-bit pixels to the network's input, as TensorFlow operations. */
public final class Preprocessing {

  private Preprocessing() {}

  /**
   * Stretches images to the network's size: bilinear, with half-pixel centres, without
   * anti-aliasing, as {@code torch.nn.functional.interpolate(mode="bilinear")} does.
   *
   * @param pixels [batch, height, width, 3] uint8
   * @return [batch, imageSize, imageSize, 3] float32 in 0..255
   */
  public static Operand<TFloat32> resize(Ops tf, MixerConfig config, Operand<TUint8> pixels) {
    Operand<TInt32> size = tf.array(config.imageSize(), config.imageSize());
    return tf.image.resizeBilinear(pixels, size, ResizeBilinear.halfPixelCenters(true));
  }

  /**
   * Scales one photo so that its shorter side is the network's size (bilinear, anti-aliased when it
   * shrinks), and takes the middle.
   *
   * @param photo [height, width, 3] uint8
   * @return [1, imageSize, imageSize, 3] float32 in 0..255
   */
  public static Operand<TFloat32> fit(Ops tf, MixerConfig config, Operand<TUint8> photo) {
    Operand<TFloat32> image = tf.expandDims(tf.dtypes.cast(photo, TFloat32.class), tf.constant(0));
    Operand<TFloat32> extent =
        tf.dtypes.cast(
            tf.slice(tf.shape(photo), tf.array(0), tf.array(2)), TFloat32.class); // height, width
    Operand<TFloat32> shorter = tf.reduceMin(extent, tf.constant(0));
    Operand<TFloat32> scale = tf.math.div(tf.constant((float) config.imageSize()), shorter);
    Operand<TFloat32> surplus =
        tf.math.sub(tf.math.mul(extent, scale), tf.constant((float) config.imageSize()));
    return tf.image.scaleAndTranslate(
        image,
        tf.array(config.imageSize(), config.imageSize()),
        tf.stack(List.of(scale, scale)),
        tf.math.mul(surplus, tf.constant(-0.5f)),
        ScaleAndTranslate.kernelType("triangle"),
        ScaleAndTranslate.antialias(true));
  }

  /**
   * {@code (pixels / 255 − mean) / std}, per channel.
   *
   * @param pixels [batch, height, width, 3] float32 in 0..255
   * @return of the same shape, the network's input
   */
  public static Operand<TFloat32> normalize(Ops tf, MixerConfig config, Operand<TFloat32> pixels) {
    Operand<TFloat32> unit = tf.math.mul(pixels, tf.constant(1f / 255f));
    Operand<TFloat32> centred = tf.math.sub(unit, tf.constant(config.mean().toArray()));
    return tf.math.div(centred, tf.constant(config.std().toArray()));
  }
}
