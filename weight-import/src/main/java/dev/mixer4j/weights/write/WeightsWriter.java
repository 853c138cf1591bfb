package dev.mixer4j.weights.write;

import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** A writer of one format. */
interface WeightsWriter {

  /**
   * Writes to a path that does not exist yet; {@link CheckpointWriter} cleans up after a failure.
   * The metadata is asked as late as the format allows: the source may still be being hashed.
   */
  void write(Path path, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException;

  /** The files and folders that writing to a path makes; readers look for the last one. */
  default List<Path> files(Path path) {
    return List.of(path);
  }
}
