package dev.mixer4j.weights.write;

import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Writes {@code .safetensors} under PyTorch's names (timm's, for a Mixer), which {@code
 * load_state_dict(..., strict=True)} takes. What PyTorch does not keep with the weights goes into
 * the header's metadata.
 */
final class SafetensorsWriter implements WeightsWriter {

  @Override
  public void write(Path path, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    TensorPipeline pipeline = new TensorPipeline(weights.network(), "torch");
    Map<String, String> texts = new LinkedHashMap<>(Map.of("format", "pt")); // timm asks for it
    metadata
        .get()
        .toNotes()
        .forEach((name, text) -> texts.put(OpenTensorFile.NOTE_PREFIX + name, text));
    try (SafetensorsOutput out = new SafetensorsOutput(path, pipeline.tensors(), texts)) {
      pipeline.forEach(weights, progress, (tensor, bytes) -> out.write(tensor.name(), bytes));
    }
  }
}
