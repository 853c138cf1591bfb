package dev.mixer4j.weights.published;

import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.ImportOptions;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Objects;

/**
 * A file's weights with what their publisher says of them: mean, std, GELU and class names. What
 * the caller decides still comes first.
 */
public final class RecognisedWeights implements MixerWeights {

  private final MixerWeights weights;
  private final MixerConfig config;
  private final List<String> classNames;

  /**
   * Adds to weights what is known of them.
   *
   * @param weights opened with the options; closed by {@link #close()}
   * @param options what the caller decides
   */
  public RecognisedWeights(
      MixerWeights weights, PublishedCheckpoint published, ImportOptions options) {
    this.weights = weights;
    this.config =
        weights
            .config()
            .withGelu(Objects.requireNonNullElse(options.gelu(), published.gelu()))
            .withNormalization(
                Objects.requireNonNullElse(options.mean(), published.mean()),
                Objects.requireNonNullElse(options.std(), published.std()));
    this.classNames = classNames(published, options);
  }

  /** The list names the file's own classes, so not those of a head that the caller replaces. */
  private List<String> classNames(PublishedCheckpoint published, ImportOptions options) {
    if (options.classes() == null) {
      List<String> names = ClassList.load(published.classList());
      if (names.size() == config.classes()) {
        return names;
      }
    }
    return weights.classNames();
  }

  @Override
  public MixerConfig config() {
    return config;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    weights.read(name, destination);
  }

  @Override
  public void close() {
    weights.close();
  }
}
