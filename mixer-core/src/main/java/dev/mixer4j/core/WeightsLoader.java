package dev.mixer4j.core;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A service that opens weight files for {@link ImageClassifier#load(Path)}, which finds it with
 * {@link java.util.ServiceLoader}. The artifact weight-import provides one for every format that it
 * reads.
 */
public interface WeightsLoader {

  /**
   * Opens a file.
   *
   * @param path a file, or the prefix or folder of several files
   * @return the weights, which the caller closes
   * @throws MixerException if the file is damaged or holds no known network
   * @throws IOException if there is no such file, or it cannot be read
   */
  Model open(Path path) throws IOException;
}
