package dev.mixer4j.finetune.input;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.Preprocessing;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.optim.Loss;
import dev.mixer4j.finetune.settings.TrainSettings;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * The input part of a training's graph: crops, mirrors, resizes, normalizes and blends images. All
 * random choices are fed.
 *
 * @param pixels the fed images, [batch, height, width, channels]
 * @param dropSeed of dropout and stochastic depth
 * @param cache null if the images are fed
 * @param images the network's input, [batch, height, width, channels]
 * @param targets [batch, classes]
 */
public record BatchInput(
    TrainSettings settings,
    Placeholder<TUint8> pixels,
    Placeholder<TInt32> indices,
    Placeholder<TInt32> labels,
    Placeholder<TBool> flips,
    Placeholder<TInt32> boxes,
    Placeholder<TFloat32> share,
    Placeholder<TInt64> dropSeed,
    CachedImages cache,
    Operand<TFloat32> images,
    Operand<TFloat32> targets) {

  public static BatchInput of(
      Ops tf, Network network, TrainSettings settings, LabelledImages data) {
    ImageInput size = network.input();
    Shape anySize = Shape.of(-1, -1, -1, size.channels());
    var pixels = tf.placeholder(TUint8.class, Placeholder.shape(anySize));
    var indices = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    var labels = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
    var flips = tf.placeholder(TBool.class, Placeholder.shape(Shape.of(-1)));
    var boxes = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(-1, 4)));
    var share = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
    var dropSeed = tf.placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));
    boolean cached = settings.cache() == TrainSettings.Cache.DEVICE;
    CachedImages cache = cached ? new CachedImages(tf, data) : null;
    Operand<TUint8> bytes = cached ? cache.gather(tf, indices) : pixels;
    Operand<TFloat32> resized =
        settings.cropMinArea() != null
            ? CropAndResize.of(tf, bytes, boxes, flips, size.height(), size.width())
            : Preprocessing.resize(tf, size, flip(tf, bytes, flips));
    Operand<TFloat32> prepared = Preprocessing.normalize(tf, size, resized);
    Operand<TFloat32> expected =
        Loss.targets(tf, labels, network.classes(), settings.labelSmoothing());
    boolean mixed = settings.mixup() > 0;
    var images = mixed ? Mixup.blend(tf, prepared, share) : prepared;
    var targets = mixed ? Mixup.blend(tf, expected, share) : expected;
    return new BatchInput(
        settings, pixels, indices, labels, flips, boxes, share, dropSeed, cache, images, targets);
  }

  /** Mirrors the images whose flip is true. The pixels are [batch, height, width, channels]. */
  public static Operand<TUint8> flip(Ops tf, Operand<TUint8> pixels, Operand<TBool> flips) {
    Operand<TBool> chosen = tf.reshape(flips, tf.array(-1, 1, 1, 1));
    return tf.select(chosen, tf.reverse(pixels, tf.array(2)), pixels);
  }

  /** Sends all images to the device, if the settings keep them there. */
  public void cache(Session session, LabelledImages data) {
    if (cache != null) {
      cache.load(session, data);
    }
  }

  public void feed(Feeds feeds, Batch.Part part, long seed, long step, int place) {
    feeds.own(labels, TInt32.vectorOf(part.labels()));
    feeds.own(flips, TBool.vectorOf(part.flips()));
    feeds.own(dropSeed, TInt64.scalarOf(Seeds.derive(seed, Seeds.DROP, step, place)));
    if (part.pixels() == null) {
      feeds.own(indices, TInt32.vectorOf(part.indices()));
    } else {
      feeds.runner().feed(pixels, part.pixels());
    }
    if (part.boxes() != null) {
      feeds.own(boxes, TInt32.tensorOf(StdArrays.ndCopyOf(part.boxes())));
    }
    if (settings.mixup() > 0) {
      feeds.own(share, TFloat32.scalarOf(new Mixup(settings.mixup()).lambda(seed, step)));
    }
  }
}
