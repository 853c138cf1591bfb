package example;

import dev.mixer4j.core.MixerClassifier;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.weights.MixerCheckpoint;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.AffineTransformOp;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;

/**
 * Prints the images of a folder, those most like a given one first, by the cosine between the
 * network's features: {@code Search CHECKPOINT IMAGE FOLDER}.
 */
public final class Search {

  private record Match(Path image, double cosine) {}

  private Search() {}

  public static void main(String[] args) throws IOException {
    try (MixerCheckpoint weights = MixerCheckpoint.open(Path.of(args[0]));
        MixerClassifier network = new MixerClassifier(weights);
        Stream<Path> files = Files.list(Path.of(args[2]))) {
      float[] query = features(network, Path.of(args[1]));
      List<Path> images = files.filter(Files::isRegularFile).sorted().toList();
      Stream.Builder<Match> matches = Stream.builder();
      for (Path image : images) {
        matches.add(new Match(image, cosine(query, features(network, image))));
      }
      matches
          .build()
          .sorted(Comparator.comparingDouble(Match::cosine).reversed())
          .limit(5)
          .forEach(match -> System.out.printf("%.4f %s%n", match.cosine, match.image));
    }
  }

  /** The image stretched to the network's size and normalised, through the network. */
  private static float[] features(MixerClassifier network, Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    if (image == null) {
      throw new IOException(file + " is no image that Java reads");
    }
    MixerConfig config = network.config();
    int size = config.imageSize();
    BufferedImage scaled = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    AffineTransform stretch =
        AffineTransform.getScaleInstance(
            (double) size / image.getWidth(), (double) size / image.getHeight());
    var graphics = scaled.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.drawImage(image, new AffineTransformOp(stretch, graphics.getRenderingHints()), 0, 0);
    graphics.dispose();
    float[] mean = config.mean().toArray();
    float[] std = config.std().toArray();
    float[] pixels = new float[size * size * 3];
    for (int i = 0; i < pixels.length; i++) {
      int rgb = scaled.getRGB(i / 3 % size, i / 3 / size);
      int value = rgb >> (16 - 8 * (i % 3)) & 0xff;
      pixels[i] = (value / 255f - mean[i % 3]) / std[i % 3];
    }
    try (TFloat32 batch = TFloat32.tensorOf(Shape.of(1, size, size, 3), DataBuffers.of(pixels))) {
      return network.features(batch)[0];
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaredA = 0;
    double squaredB = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squaredA += a[i] * a[i];
      squaredB += b[i] * b[i];
    }
    return product / Math.sqrt(squaredA * squaredB);
  }
}
