package dev.mixer4j.finetune.run;

import dev.mixer4j.core.Logits;
import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.graph.TrainingGraph;
import dev.mixer4j.finetune.optim.Loss;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.tensorflow.types.TUint8;

/** Loss, accuracy and speed over any number of images, summed batch by batch. */
public final class Measurement {

  private double lossSum;
  private long correct;
  private long images;
  private long nanos;
  private long waitNanos;

  /**
   * Classifies all images with a network from [batch, height, width, channels] uint8 to logits
   * [batch][classes]; {@code progress} receives the number of images so far, first 0.
   */
  public static Measurement of(
      Function<TUint8, float[][]> network,
      LabelledImages data,
      int batchSize,
      Loss loss,
      IntConsumer progress) {
    Measurement score = new Measurement();
    progress.accept(0);
    for (int from = 0; from < data.size(); from += batchSize) {
      int to = (int) Math.min((long) from + batchSize, data.size());
      int[] indices = IntStream.range(from, to).toArray();
      long start = System.nanoTime();
      try (TUint8 pixels = data.pixels(indices)) {
        float[][] logits = network.apply(pixels);
        int[] labels = data.labels(indices);
        score.add(loss.mean(logits, labels), logits, labels, System.nanoTime() - start);
      }
      progress.accept(to);
    }
    return score;
  }

  /** Adds a batch with its mean loss, logits [batch][classes] and time. */
  public void add(double meanLoss, float[][] logits, int[] labels, long batchNanos) {
    lossSum += meanLoss * labels.length;
    images += labels.length;
    nanos += batchNanos;
    for (int i = 0; i < labels.length; i++) {
      correct += Logits.argMax(logits[i]) == labels[i] ? 1 : 0;
    }
  }

  /** Adds the time of a step, and how much of it was spent waiting for data. */
  public void addTime(long stepNanos, long dataNanos) {
    nanos += stepNanos;
    waitNanos += dataNanos;
  }

  /** Replaces the sums by those of the device, over all steps so far. */
  public void set(TrainingGraph.Totals totals, long count) {
    lossSum = totals.loss();
    correct = totals.correct();
    images = count;
  }

  /** The share of the time spent waiting for data, in [0, 1]. */
  public double waitShare() {
    return (double) waitNanos / nanos;
  }

  /** The mean loss; NaN if there were no images. */
  public double loss() {
    return lossSum / images;
  }

  /** The share of images classified correctly, in [0, 1]; NaN if there were none. */
  public double accuracy() {
    return (double) correct / images;
  }

  public long images() {
    return images;
  }

  public double seconds() {
    return nanos / 1e9;
  }

  public double imagesPerSecond() {
    return images / seconds();
  }
}
