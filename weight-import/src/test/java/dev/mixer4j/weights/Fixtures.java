package dev.mixer4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.layer.Gelu;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.TensorFile;
import dev.mixer4j.weights.format.TensorInfo;
import dev.mixer4j.weights.format.numpy.NpyFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/** The files that tools/reference/make_import_fixtures.py made with Flax, timm and PyTorch. */
public final class Fixtures {

  /** The geometries that are there in all three formats. */
  public static final List<String> GEOMETRIES = List.of("narrow", "square", "deep");

  private Fixtures() {}

  public static Path path(String file) {
    try {
      return Path.of(Fixtures.class.getResource("/fixtures/" + file).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** The geometry that the reference frameworks built, from NAME.json. */
  public static Mixer geometry(String name, Gelu gelu) throws IOException {
    JsonNode json = new JsonMapper().readTree(path(name + ".json").toFile());
    return Mixer.of(
            json.get("image_size").intValue(),
            json.get("patch_size").intValue(),
            json.get("hidden_size").intValue(),
            json.get("blocks").intValue(),
            json.get("tokens_mlp_size").intValue(),
            json.get("channels_mlp_size").intValue(),
            json.get("classes").intValue())
        .withGelu(gelu);
  }

  /** The network of a checkpoint that is a Mixer's. */
  public static Mixer mixer(Checkpoint checkpoint) {
    return (Mixer) checkpoint.network();
  }

  /** One variable's numbers. */
  public static float[] values(Checkpoint checkpoint, String variable) {
    int size = (int) checkpoint.network().shapes().get(variable).size();
    FloatBuffer values = FloatBuffer.allocate(size);
    checkpoint.read(variable, values);
    return values.array();
  }

  /** One tensor's numbers. */
  public static float[] values(TensorFile file, TensorInfo tensor) throws IOException {
    FloatBuffer values = FloatBuffer.allocate(tensor.elements());
    file.read(tensor.name(), values);
    return values.array();
  }

  /** Compares with the logits of NAME.logits.npy for NAME.x.npy, in shares of the largest, or 1. */
  public static void assertLogits(Checkpoint checkpoint, String name, float within)
      throws IOException {
    NpyFile x = NpyFile.read(path(name + ".x.npy"));
    NpyFile expected = NpyFile.read(path(name + ".logits.npy"));
    float largest = 1;
    for (float logit : expected.values().array()) {
      largest = Math.max(largest, Math.abs(logit));
    }
    try (ImageClassifier classifier = new ImageClassifier(checkpoint);
        TFloat32 batch = TFloat32.tensorOf(x.shape(), DataBuffers.of(x.values().array()))) {
      for (float[] row : classifier.logits(batch)) {
        for (float logit : row) {
          assertThat(logit).isCloseTo(expected.values().get(), within(within * largest));
        }
      }
    }
    assertThat(expected.values().hasRemaining()).isFalse();
  }
}
