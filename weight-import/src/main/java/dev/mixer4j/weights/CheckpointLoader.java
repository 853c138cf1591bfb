package dev.mixer4j.weights;

import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.core.MixerWeightsLoader;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What {@code MixerClassifier.load} opens files with: every format, everything as the file has it.
 */
public final class CheckpointLoader implements MixerWeightsLoader {

  /** For {@link java.util.ServiceLoader}. */
  public CheckpointLoader() {}

  @Override
  public MixerWeights open(Path path) throws IOException {
    return Checkpoint.open(path);
  }
}
