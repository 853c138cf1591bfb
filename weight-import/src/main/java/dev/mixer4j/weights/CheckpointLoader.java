package dev.mixer4j.weights;

import dev.mixer4j.core.Model;
import dev.mixer4j.core.WeightsLoader;
import java.io.IOException;
import java.nio.file.Path;

/** Opens files of every format for {@code ImageClassifier.load}. */
public final class CheckpointLoader implements WeightsLoader {

  /** For {@link java.util.ServiceLoader}. */
  public CheckpointLoader() {}

  @Override
  public Model open(Path path) throws IOException {
    return Checkpoint.open(path);
  }
}
