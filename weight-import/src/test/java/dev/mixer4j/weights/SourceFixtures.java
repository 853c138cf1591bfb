package dev.mixer4j.weights;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** The files that tools/reference/make_source_fixtures.py made with the formats' owners. */
final class SourceFixtures {

  private SourceFixtures() {}

  /** A file of {@code fixtures/}. */
  static Path path(String file) {
    try {
      return Path.of(SourceFixtures.class.getResource("/fixtures/" + file).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** A file of {@code fixtures/sources/}. */
  static Path source(String file) {
    return path("sources/" + file);
  }

  /** All variables' numbers, bit by bit. */
  static Map<String, int[]> bits(Checkpoint checkpoint) {
    Map<String, int[]> all = new LinkedHashMap<>();
    checkpoint
        .network()
        .shapes()
        .forEach(
            (name, shape) -> {
              FloatBuffer values = FloatBuffer.allocate((int) shape.size());
              checkpoint.read(name, values);
              int[] bits = new int[values.position()];
              for (int i = 0; i < bits.length; i++) {
                bits[i] = Float.floatToRawIntBits(values.get(i));
              }
              all.put(name, bits);
            });
    return all;
  }

  static Map<String, int[]> bits(Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return bits(checkpoint);
    }
  }

  /** The largest difference between a checkpoint's logits and those that a framework computed. */
  static float worstLogit(Path checkpoint, Path inputs, Path expected) throws IOException {
    NpyFile x = NpyFile.read(inputs);
    NpyFile y = NpyFile.read(expected);
    try (Checkpoint weights = Checkpoint.open(checkpoint);
        ImageClassifier classifier = new ImageClassifier(weights);
        TFloat32 batch = TFloat32.tensorOf(x.shape(), DataBuffers.of(x.values().array()))) {
      float worst = 0;
      for (float[] row : classifier.logits(batch)) {
        for (float logit : row) {
          worst = Math.max(worst, Math.abs(logit - y.values().get()));
        }
      }
      return worst;
    }
  }
}
