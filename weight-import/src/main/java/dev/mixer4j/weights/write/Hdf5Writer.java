package dev.mixer4j.weights.write;

import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.format.hdf5.Hdf5Reader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Writes weights as HDF5: one contiguous float32 dataset for each variable, under its canonical
 * name, and the network's description as attributes of the root group. This module's README lists
 * them.
 */
final class Hdf5Writer implements WeightsWriter {

  @Override
  public void write(Path path, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    try (Hdf5Target out = Hdf5Target.create(path)) {
      new TensorPipeline(weights.network(), "flax")
          .forEach(
              weights,
              progress,
              (tensor, bytes) -> out.dataset(tensor.name(), tensor.shape().asArray(), bytes));
      writeAttributes(out, metadata.get());
      out.finish();
    }
  }

  private static void writeAttributes(Hdf5Target out, Metadata metadata) throws IOException {
    out.attribute("format_version", Hdf5Reader.FORMAT_VERSION);
    for (Map.Entry<String, String> note : metadata.toNotes().entrySet()) {
      if (!note.getKey().equals(Hdf5Reader.CLASS_NAMES)) {
        out.attribute(note.getKey(), note.getValue());
      }
    }
    if (!metadata.info().classNames().isEmpty()) {
      out.texts(Hdf5Reader.CLASS_NAMES, metadata.info().classNames());
    }
  }
}
