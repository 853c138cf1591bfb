package dev.mixer4j.finetune.input;

import dev.mixer4j.finetune.data.LabelledImages;
import java.util.stream.IntStream;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * All training images in the memory of the device, as 64-bit words: TensorFlow has no gather of
 * bytes on a GPU and would copy all images to the CPU each time.
 */
public final class CachedImages {

  private final int[] imageShape;
  private final int imageBytes;
  private final int paddedBytes;
  private final Operand<? extends TType> words;
  private final Placeholder<TUint8> pixels;
  private final Op assignment;

  public CachedImages(Ops tf, LabelledImages data) {
    int images = data.size();
    imageShape = new int[] {-1, data.height(), data.width(), data.channels()};
    imageBytes = data.height() * data.width() * data.channels();
    int imageWords = (imageBytes + Long.BYTES - 1) / Long.BYTES;
    paddedBytes = imageWords * Long.BYTES;
    pixels =
        tf.placeholder(
            TUint8.class,
            Placeholder.shape(Shape.of(images, data.height(), data.width(), data.channels())));
    Operand<TUint8> padded =
        tf.pad(
            tf.reshape(pixels, tf.array(images, imageBytes)),
            tf.constant(new int[][] {{0, 0}, {0, paddedBytes - imageBytes}}),
            tf.dtypes.cast(tf.constant(0), TUint8.class));
    words =
        tf.varHandleOp(
            TInt64.class, Shape.of(images, imageWords), VarHandleOp.sharedName("training_images"));
    assignment =
        tf.assignVariableOp(
            words,
            tf.bitcast(tf.reshape(padded, tf.array(images, imageWords, Long.BYTES)), TInt64.class));
  }

  /** Gathers images: from indices [batch] to [batch, height, width, channels]. */
  public Operand<TUint8> gather(Ops tf, Operand<TInt32> indices) {
    Operand<TInt64> rows =
        tf.gather(tf.readVariableOp(words, TInt64.class), indices, tf.constant(0));
    Operand<TUint8> padded = tf.reshape(tf.bitcast(rows, TUint8.class), tf.array(-1, paddedBytes));
    // On a GPU there is a strided slice of bytes, but no plain one.
    Operand<TUint8> rowBytes = tf.stridedSlice(padded, Indices.all(), Indices.sliceTo(imageBytes));
    return tf.reshape(rowBytes, tf.constant(imageShape));
  }

  public void load(Session session, LabelledImages data) {
    try (TUint8 all = data.pixels(IntStream.range(0, data.size()).toArray())) {
      session.runner().feed(pixels, all).addTarget(assignment).run().close();
    }
  }
}
