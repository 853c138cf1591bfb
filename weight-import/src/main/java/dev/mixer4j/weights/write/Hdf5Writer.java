package dev.mixer4j.weights.write;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.format.Metadata;
import dev.mixer4j.weights.format.hdf5.Hdf5Reader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Writes weights as HDF5: one contiguous float32 dataset for each variable, under its canonical
 * name, and what else the network needs as attributes of the root group. This module's README lists
 * them.
 */
final class Hdf5Writer implements WeightsWriter {

  @Override
  public void write(
      Path path, MixerWeights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    try (Hdf5Output out = new Hdf5Output(path)) {
      TensorPipeline.forEach(
          weights,
          "flax",
          progress,
          (dataset, shape, bytes) -> out.dataset(dataset, shape.asArray(), bytes));
      writeAttributes(out, weights.config(), metadata.get());
      out.finish();
    }
  }

  private static void writeAttributes(Hdf5Output out, MixerConfig config, Metadata metadata)
      throws IOException {
    out.attribute("format_version", Hdf5Reader.FORMAT_VERSION);
    out.attribute("image_size", config.imageSize());
    out.attribute("patch_size", config.patchSize());
    out.attribute("gelu", metadata.gelu().toString());
    out.attribute("layer_norm_epsilon", metadata.layerNormEpsilon());
    out.attribute("mean", metadata.mean().toArray());
    out.attribute("std", metadata.std().toArray());
    if (metadata.transform().isPresent()) {
      out.attribute(Hdf5Reader.TRANSFORM, metadata.transform().get().toString());
    }
    out.attribute("source_format", metadata.source().format());
    out.attribute("source_sha256", metadata.source().sha256());
    if (!metadata.classNames().isEmpty()) {
      out.texts(Hdf5Reader.CLASS_NAMES, metadata.classNames());
    }
  }
}
