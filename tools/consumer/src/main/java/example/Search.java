package example;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ImageFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Prints the images of a folder, those most like a given one first, by the cosine between the
 * network's features: {@code Search CHECKPOINT IMAGE FOLDER}.
 */
public final class Search {

  private record Match(Path image, double cosine) {}

  private Search() {}

  public static void main(String[] args) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(Path.of(args[2]))) {
      files = found.filter(Files::isRegularFile).sorted().toList();
    }
    List<BufferedImage> images = new ArrayList<>();
    for (Path file : files) {
      images.add(ImageFile.read(file));
    }
    try (ImageClassifier network = ImageClassifier.load(Path.of(args[0]))) {
      float[] query = network.features(List.of(ImageFile.read(Path.of(args[1]))))[0];
      float[][] features = network.features(images);
      IntStream.range(0, files.size())
          .mapToObj(i -> new Match(files.get(i), cosine(query, features[i])))
          .sorted(Comparator.comparingDouble(Match::cosine).reversed())
          .limit(5)
          .forEach(match -> System.out.printf("%.4f %s%n", match.cosine, match.image));
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
