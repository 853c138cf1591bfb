package dev.mixer4j.finetune.run;

import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.report.Classifications;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.tensorflow.types.TUint8;

/** A network that keeps its answers, to report on them once all images are classified. */
public final class RecordedLogits implements Function<TUint8, float[][]> {

  private final Function<TUint8, float[][]> network;
  private final List<float[]> logits = new ArrayList<>();

  /**
   * Records a network.
   *
   * @param network from [batch, height, width, channels] uint8 to logits [batch][classes]
   */
  public RecordedLogits(Function<TUint8, float[][]> network) {
    this.network = network;
  }

  @Override
  public float[][] apply(TUint8 pixels) {
    float[][] batch = network.apply(pixels);
    logits.addAll(List.of(batch));
    return batch;
  }

  /**
   * The answers with their labels.
   *
   * @param data the images that were classified, once each and in their order
   */
  public Classifications scores(LabelledImages data, List<String> classNames) {
    int[] labels = data.labels(IntStream.range(0, data.size()).toArray());
    return Classifications.ofLogits(labels, logits.toArray(float[][]::new), classNames);
  }
}
