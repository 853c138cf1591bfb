package dev.mixer4j.weights;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Weights;
import dev.mixer4j.core.network.Mixer;
import dev.mixer4j.weights.format.MismatchException;
import java.nio.FloatBuffer;
import org.tensorflow.ndarray.Shape;

/**
 * A Mixer's weights adapted to images that are larger by a whole factor, as in the paper's appendix
 * on fine-tuning at higher resolution.
 *
 * <pre>{@code
 * try (Weights larger = HigherResolution.of(Checkpoint.open(Path.of("mixer-b16.h5")), 448)) {
 *   CheckpointWriter.write(
 *       Path.of("b16-448.h5"), TargetFormat.H5, larger, ModelInfo.NONE, false, bytes -> {});
 * }
 * }</pre>
 *
 * <p>The image is cut into factor² parts of the old size, and the token-mixing MLPs become
 * block-diagonal, with a copy of the old one for each part. Their width grows by factor² too.
 * Before fine-tuning, the network's output is the mean of the old network's outputs for the parts.
 *
 * <p>Tokens stay in the image's row-major order, so the blocks' rows and columns are interleaved.
 */
public final class HigherResolution implements Weights {

  private final Weights source;
  private final Mixer old;
  private final Mixer network;
  private final int oldGrid;
  private final int factor;

  private HigherResolution(Weights source, Mixer old, int imageSize, int factor) {
    this.source = source;
    this.old = old;
    this.oldGrid = old.input().size() / old.patchSize();
    this.factor = factor;
    this.network =
        new Mixer(
            old.input().withSize(imageSize),
            old.patchSize(),
            old.hiddenSize(),
            old.blocks(),
            Math.multiplyExact(old.tokensMlpSize(), factor * factor),
            old.channelsMlpSize(),
            old.classes(),
            old.gelu(),
            old.layerNormEpsilon());
  }

  /**
   * {@return the adapted weights, or the source itself if the size is the same}
   *
   * @param source a Mixer's weights; closing the result closes them
   * @param imageSize in pixels, a whole multiple of the weights' own size
   * @throws MismatchException if it is not a whole multiple, or the network is not a Mixer
   */
  public static Weights of(Weights source, int imageSize) {
    if (!(source.network() instanceof Mixer mixer)) {
      throw new MismatchException(
          "image size %d: only a Mixer's weights can be adapted to larger images, found a %s"
              .formatted(imageSize, source.network().family()));
    }
    int old = mixer.input().size();
    if (imageSize < old || imageSize % old != 0 || imageSize / old > 64) {
      throw new MismatchException(
          ("image size %d: expected a whole multiple of the weights' %d, such as %d: the"
                  + " token-mixing MLPs are made for %d tokens, and only whole copies of them keep"
                  + " what they learned")
              .formatted(imageSize, old, 2 * old, mixer.tokens()));
    }
    if (imageSize == old) {
      return source;
    }
    HigherResolution adapted = new HigherResolution(source, mixer, imageSize, imageSize / old);
    long largest =
        adapted.network.shapes().values().stream().mapToLong(Shape::size).max().orElseThrow();
    if (largest > Integer.MAX_VALUE / Float.BYTES) {
      throw new MismatchException(
          ("image size %d: expected tensors of at most 2 GiB, found one of %d numbers; take a"
                  + " smaller multiple of the weights' %d")
              .formatted(imageSize, largest, old));
    }
    return adapted;
  }

  @Override
  public Network network() {
    return network;
  }

  @Override
  public void read(String name, FloatBuffer destination) {
    if (!name.contains("/token_mixing/")) {
      source.read(name, destination);
      return;
    }
    Shape oldShape = old.shapes().get(name);
    FloatBuffer values = FloatBuffer.allocate((int) oldShape.size());
    source.read(name, values);
    int width = old.tokensMlpSize();
    Shape shape = network.shapes().get(name);
    int columns = (int) shape.get(shape.numDimensions() - 1);
    for (int i = 0; i < shape.size(); i++) {
      int row = i / columns;
      int column = i % columns;
      destination.put(
          switch (name.substring(name.indexOf("Dense"))) {
            case "Dense_0/kernel" -> // [tokens, width]
                part(row) == column / width
                    ? values.get(oldToken(row) * width + column % width)
                    : 0f;
            case "Dense_0/bias" -> values.get(column % width);
            case "Dense_1/kernel" -> // [width, tokens]
                row / width == part(column)
                    ? values.get(row % width * old.tokens() + oldToken(column))
                    : 0f;
            default -> values.get(oldToken(column));
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
