package dev.mixer4j.weights;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerWeights;
import dev.mixer4j.weights.format.MismatchException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.tensorflow.ndarray.Shape;

/**
 * Weights for images that are a whole factor larger, as the paper's appendix on fine-tuning at
 * higher resolution has it: the image is seen as factor² parts of the old size, and the
 * token-mixing MLPs become block-diagonal, a copy of the old one for each part. Their width grows
 * by factor² too. Before fine-tuning, the network gives the mean of what it would give for the
 * parts.
 *
 * <p>Tokens stay in the image's row-major order, so the blocks' rows and columns are interleaved.
 */
public final class HigherResolution implements MixerWeights {

  private final MixerWeights source;
  private final MixerConfig config;
  private final int oldGrid;
  private final int factor;

  private HigherResolution(MixerWeights source, int imageSize, int factor) {
    MixerConfig old = source.config();
    this.source = source;
    this.oldGrid = old.imageSize() / old.patchSize();
    this.factor = factor;
    this.config =
        new MixerConfig(
            imageSize,
            old.patchSize(),
            old.hiddenSize(),
            old.blocks(),
            Math.multiplyExact(old.tokensMlpSize(), factor * factor),
            old.channelsMlpSize(),
            old.classes(),
            old.gelu(),
            old.layerNormEpsilon(),
            old.mean(),
            old.std());
  }

  /**
   * Adapts weights.
   *
   * @param source is read, and closed, through the result
   * @param imageSize a whole multiple of the weights' own
   * @return the adapted weights, or the source where the size is its own
   * @throws MismatchException if it is none
   */
  public static MixerWeights of(MixerWeights source, int imageSize) {
    int old = source.config().imageSize();
    if (imageSize < old || imageSize % old != 0 || imageSize / old > 64) {
      throw new MismatchException(
          ("image size %d: expected a whole multiple of the weights' %d, such as %d: the"
                  + " token-mixing MLPs are made for %d tokens, and only whole copies of them keep"
                  + " what they learned")
              .formatted(imageSize, old, 2 * old, source.config().tokens()));
    }
    if (imageSize == old) {
      return source;
    }
    HigherResolution adapted = new HigherResolution(source, imageSize, imageSize / old);
    long largest =
        adapted.config.variables().values().stream().mapToLong(Shape::size).max().orElseThrow();
    if (largest > Integer.MAX_VALUE / Float.BYTES) {
      throw new MismatchException(
          "image size %d: expected tensors of at most 2 GiB, found one of %d numbers; take a smaller"
                  .formatted(imageSize, largest)
              + " multiple of the weights' "
              + old);
    }
    return adapted;
  }

  @Override
  public MixerConfig config() {
    return config;
  }

  @Override
  public List<String> classNames() {
    return source.classNames();
  }

  @Override
  public Optional<ImageTransform> transform() {
    return source.transform();
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    if (!name.contains("/token_mixing/")) {
      source.read(name, destination);
      return;
    }
    Shape oldShape = source.config().variables().get(name);
    FloatBuffer old = FloatBuffer.allocate((int) oldShape.size());
    source.read(name, old);
    int width = source.config().tokensMlpSize();
    Shape shape = config.variables().get(name);
    int columns = (int) shape.get(shape.numDimensions() - 1);
    for (int i = 0; i < shape.size(); i++) {
      int row = i / columns;
      int column = i % columns;
      destination.put(
          switch (name.substring(name.indexOf("Dense"))) {
            case "Dense_0/kernel" -> // [tokens, width]
                part(row) == column / width ? old.get(oldToken(row) * width + column % width) : 0f;
            case "Dense_0/bias" -> old.get(column % width);
            case "Dense_1/kernel" -> // [width, tokens]
                row / width == part(column)
                    ? old.get(row % width * source.config().tokens() + oldToken(column))
                    : 0f;
            default -> old.get(oldToken(column));
          });
    }
  }

  /** Which part of the image a token belongs to. */
  private int part(int token) {
    int grid = oldGrid * factor;
    return token / grid / oldGrid * factor + token % grid / oldGrid;
  }

  /** A token's place within its part, which is its place in the old image. */
  private int oldToken(int token) {
    int grid = oldGrid * factor;
    return token / grid % oldGrid * oldGrid + token % grid % oldGrid;
  }

  @Override
  public void close() {
    source.close();
  }
}
