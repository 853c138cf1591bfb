package dev.mixer4j.weights;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.WeightsLoader;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The service with which {@code ImageClassifier.load} reads every format of this module. Java finds
 * it by itself; use {@link Checkpoint} directly for more control.
 */
public final class CheckpointLoader implements WeightsLoader {

  /** For {@link java.util.ServiceLoader}. */
  public CheckpointLoader() {}

  @Override
  public Model open(Path path) throws IOException {
    return Checkpoint.open(path);
  }
}
