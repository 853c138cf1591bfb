package dev.mixer4j.finetune.input;

import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.settings.TrainSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.types.TUint8;

/**
 * The images of one update, in micro-batches, with all random choices.
 *
 * @param step the update, counting from 1
 * @param epoch counts from 1
 * @param from the first image's place in the epoch's order
 */
public record Batch(long step, int epoch, int from, List<Part> parts) implements AutoCloseable {

  /**
   * Images that a device computes at once.
   *
   * @param pixels [images, height, width, channels] uint8; null if the device has all images itself
   * @param labels [images]
   * @param flips [images], true for an image to mirror
   * @param boxes [images][4], top, left, height and width of each crop; null without crops
   */
  public record Part(int[] indices, TUint8 pixels, int[] labels, boolean[] flips, int[][] boxes) {

    private static final int NONE = -1;

    /** The same images without labels, for a device without work: they do not count. */
    public Part unlabelled() {
      int[] none = new int[labels.length];
      Arrays.fill(none, NONE);
      return new Part(indices, pixels, none, flips, boxes);
    }

    /** The number of images with a label. */
    public int counted() {
      return (int) Arrays.stream(labels).filter(label -> label != NONE).count();
    }
  }

  /** Makes the batch of one update, which depends on the seed and the step alone. */
  public static Batch of(LabelledImages images, TrainSettings settings, EpochPlan plan, long step) {
    long perEpoch = settings.stepsPerEpoch(images.size());
    int epoch = Math.toIntExact((step - 1) / perEpoch + 1);
    int from = Math.toIntExact((step - 1) % perEpoch * settings.batchSize());
    int to = (int) Math.min((long) from + settings.batchSize(), images.size());
    int size = settings.imagesAtOnce();
    List<Part> parts = new ArrayList<>();
    for (long first = from; first < to; first += size) {
      int end = (int) Math.min(first + size, to);
      parts.add(part(images, settings, plan, epoch, (int) first, end));
    }
    return new Batch(step, epoch, from, parts);
  }

  private static Part part(
      LabelledImages images, TrainSettings settings, EpochPlan plan, int epoch, int from, int to) {
    int[] indices = Arrays.copyOfRange(plan.order(), from, to);
    boolean onDevice = settings.cache() == TrainSettings.Cache.DEVICE;
    int[][] boxes =
        settings.cropMinArea() == null
            ? null
            : InceptionCrop.covering(settings.cropMinArea())
                .boxes(settings.seed(), epoch, from, to, images.height(), images.width());
    return new Part(
        indices,
        onDevice ? null : images.pixels(indices),
        images.labels(indices),
        Arrays.copyOfRange(plan.flips(), from, to),
        boxes);
  }

  public int images() {
    return parts.stream().mapToInt(part -> part.indices.length).sum();
  }

  /** The place of the batch, for messages; the indices are those of the data's own order. */
  public String describe() {
    int[] indices =
        parts.stream().flatMapToInt(part -> Arrays.stream(part.indices)).limit(8).toArray();
    String more = images() > indices.length ? " and so on" : "";
    return "epoch %d, images %d to %d of its order (in the data's: %s%s)"
        .formatted(epoch, from, from + images() - 1, Arrays.toString(indices), more);
  }

  @Override
  public void close() {
    for (Part part : parts) {
      if (part.pixels != null) {
        part.pixels.close();
      }
    }
  }
}
