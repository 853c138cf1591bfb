package dev.mixer4j.weights.write;

import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.format.Metadata;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.tensorflow.ndarray.Shape;

/**
 * Writes {@code .safetensors} under timm's names, which {@code timm.create_model(...)
 * .load_state_dict(..., strict=True)} takes. What timm does not keep with the weights goes into the
 * header's metadata.
 */
final class SafetensorsWriter implements WeightsWriter {

  @Override
  public void write(
      Path path, MixerWeights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    TensorPipeline.plan(weights.config(), "timm")
        .forEach(plan -> shapes.put(plan.name(), plan.shape()));
    Map<String, String> texts = new LinkedHashMap<>(Map.of("format", "pt")); // timm asks for it
    texts.putAll(metadata.get().toText());
    try (SafetensorsOutput out = new SafetensorsOutput(path, shapes, texts)) {
      TensorPipeline.forEach(
          weights, "timm", progress, (name, shape, bytes) -> out.write(name, bytes));
    }
  }
}
