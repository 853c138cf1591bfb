package dev.mixer4j.finetune.run;

import dev.mixer4j.finetune.data.LabelledImages;
import dev.mixer4j.finetune.report.Classifications;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.tensorflow.types.TUint8;

/** A network that records its logits, for a report once all images are classified. */
public final class RecordedLogits implements Function<TUint8, float[][]> {

  private final Function<TUint8, float[][]> network;
  private final List<float[]> logits = new ArrayList<>();

  public RecordedLogits(Function<TUint8, float[][]> network) {
    this.network = network;
  }

  @Override
  public float[][] apply(TUint8 pixels) {
    float[][] batch = network.apply(pixels);
    logits.addAll(List.of(batch));
    return batch;
  }

  /** The logits with the labels of the images, which were classified once each, in their order. */
  public Classifications scores(LabelledImages data, List<String> classNames) {
    int[] labels = data.labels(IntStream.range(0, data.size()).toArray());
    return Classifications.ofLogits(labels, logits.toArray(float[][]::new), classNames);
  }
}
