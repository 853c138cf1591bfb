package example;

import dev.mixer4j.core.ImageClassifier;
import dev.mixer4j.core.ImageFile;
import dev.mixer4j.core.Prediction;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Prints the three most probable classes of an image: {@code Classify CHECKPOINT IMAGE}. */
public final class Classify {

  private Classify() {}

  public static void main(String[] args) throws IOException {
    BufferedImage image = ImageFile.read(Path.of(args[1]));
    try (ImageClassifier classifier = ImageClassifier.load(Path.of(args[0]))) {
      List<Prediction> top = classifier.classify(image, 3);
      top.forEach(p -> System.out.printf("%-10s %5.1f%%%n", p.label(), 100 * p.probability()));
    }
  }
}
