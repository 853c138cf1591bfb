package dev.mixer4j.core;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens files of weights for {@link MixerClassifier#load(Path)}, which finds it with {@link
 * java.util.ServiceLoader}. The artifact weight-import has one for every format that it reads.
 */
public interface MixerWeightsLoader {

  /**
   * Opens a file.
   *
   * @param path a file, or a prefix or folder of several
   * @return its weights; the caller closes them
   * @throws MixerException if the file is no sound file of a Mixer's weights
   * @throws IOException if there is none, or it cannot be read
   */
  MixerWeights open(Path path) throws IOException;
}
